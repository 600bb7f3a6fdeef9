# Providers and how they are configured. One root module: nothing here is meant to be called as a child.

terraform {
  # `terraform test` with mocked providers and several states (tests/) needs 1.11; applying needs no more than this.
  required_version = ">= 1.6"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
    # API Gateway and service identities exist in the beta provider only.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 8.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.4"
    }
  }
}

provider "google" {
  project        = local.project_id
  region         = var.region
  default_labels = local.labels
}

provider "google-beta" {
  project        = local.project_id
  region         = var.region
  default_labels = local.labels
}

# Its number is part of every function's address and of Google's own service accounts.
data "google_project" "this" {
  project_id = var.project_id
  depends_on = [google_project_service.resource_manager]
}
