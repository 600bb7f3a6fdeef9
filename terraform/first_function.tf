# One function before the others. The first of a project has Cloud Functions make its bucket and its repository's caches;
# many at once get into each other's way there, and what a project refuses is told once and not thirteen times. It is the
# one that needs least: no queue and no trigger.

resource "google_cloudfunctions2_function" "first" {
  #checkov:skip=CKV_GCP_124:API Gateway comes from the internet, and without it handlers' phones do.
  for_each = { for name, function in local.functions : name => function if name == "media" }

  name        = each.key
  location    = var.region
  description = "SMS relay: ${each.value.entry_point}"

  build_config {
    runtime           = var.runtime
    entry_point       = each.value.entry_point
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id
    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.function[each.key].email
    ingress_settings      = each.value.ingress

    timeout_seconds                  = local.shapes[each.value.shape].timeout_seconds
    available_memory                 = local.shapes[each.value.shape].memory
    available_cpu                    = "1"
    max_instance_request_concurrency = local.shapes[each.value.shape].concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = local.shapes[each.value.shape].max_instances

    environment_variables = merge(local.environment_of[each.key], {
      THREADS          = tostring(local.shapes[each.value.shape].concurrency)
      LOG_EXECUTION_ID = "false"
    })

    dynamic "secret_environment_variables" {
      for_each = local.secrets_of[each.key]
      content {
        key        = secret_environment_variables.value
        project_id = var.project_id
        secret     = google_secret_manager_secret.this[secret_environment_variables.value].secret_id
        version    = "latest"
      }
    }
  }

  depends_on = [google_secret_manager_secret_version.first, time_sleep.rights]
}

moved {
  from = google_cloudfunctions2_function.this["media"]
  to   = google_cloudfunctions2_function.first["media"]
}
