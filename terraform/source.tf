# One zip for all functions, built from functions/ alone, and what builds it into an image.

locals {
  functions_dir = "${path.module}/../functions"

  # What belongs in, not what must stay out: tests, caches, databases and notes lying about are never deployed.
  function_files = sort(setunion(
    fileset(local.functions_dir, "main.py"),
    fileset(local.functions_dir, "requirements.txt"),
    fileset(local.functions_dir, "relay/**/*.{py,html,css,js,json,svg}"),
  ))

  # Of names and contents and nothing else: the same code gives the same name on every machine, so that functions are
  # deployed again exactly when their code changes.
  source_hash = sha256(join("\n", [for file in local.function_files : "${file} ${filesha256("${local.functions_dir}/${file}")}"]))
}

data "archive_file" "functions" {
  type             = "zip"
  output_path      = "${path.module}/build/functions.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = local.function_files
    content {
      filename = source.value
      content  = file("${local.functions_dir}/${source.value}")
    }
  }
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:Access logs of a bucket that holds one zip of published code would cost more than they tell.
  # Neither colons nor dots, as a project of a domain has, and 63 characters at most.
  name                        = "${substr(replace(var.project_id, "/[:.]/", "-"), 0, 46)}-sms-relay-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # nothing but copies of this repository

  versioning {
    enabled = true
  }
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [time_sleep.services]
}

resource "google_storage_bucket_object" "source" {
  name   = "functions-${local.source_hash}.zip"
  bucket = google_storage_bucket.source.name
  source = data.archive_file.functions.output_path
}

# A repository of our own: the one that Cloud Functions makes by itself would outlive a destroy, images and all.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Images of published code; Google's own encryption at rest is enough.
  repository_id = "sms-relay"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the relay's functions"

  cleanup_policies {
    id     = "keep-some"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [time_sleep.services]
}

# Builds run as this account and not as the default one, which may be an editor of the whole project.
resource "google_service_account" "build" {
  account_id   = "relay-build"
  display_name = "SMS relay: builds the functions"
  depends_on   = [time_sleep.services]
}

# Cloud Functions copies the zip to a bucket of its own, which does not exist before the first deployment, and builds from
# there: so the right is on the project, but for these two buckets only.
resource "google_project_iam_member" "build_reads_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = "serviceAccount:${google_service_account.build.email}"

  condition {
    title = "function-sources-only"
    expression = join(" || ", [for bucket in [google_storage_bucket.source.name, "gcf-v2-sources-${local.project_number}-${var.region}"] :
      "resource.name.startsWith(\"projects/_/buckets/${bucket}\")"
    ])
  }
}

resource "google_artifact_registry_repository_iam_member" "build_writes_images" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = "serviceAccount:${google_service_account.build.email}"
}

resource "google_project_iam_member" "build_writes_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${google_service_account.build.email}"
}
