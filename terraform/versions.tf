# Providers and how they are configured. One root module: nothing here is meant to be called as a child.

terraform {
  # Write-only arguments, which keep the secrets' values out of state and plan, and `terraform test` with several states.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
    # API Gateway and service identities exist in the beta provider only.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 8.7"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.4"
    }
    time = {
      source  = "hashicorp/time"
      version = "~> 0.12"
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
  depends_on = [time_sleep.resource_manager]
}
