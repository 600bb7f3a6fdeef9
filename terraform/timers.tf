# Timers: a queue per tier for what is due once, schedules for what is due again and again.

resource "google_cloud_tasks_queue" "tier" {
  for_each = local.escalation_tiers

  name     = "${var.tasks_queue_prefix}-${each.value}"
  location = var.region

  # A burst of texts becomes a stream: a US long code sends one segment a second, and a queue at Twilio that overflows
  # fails texts (21611, 30001). No more at once than the tier's instances take.
  rate_limits {
    max_dispatches_per_second = var.queue_dispatches_per_second
    max_concurrent_dispatches = local.shapes.escalation.concurrency * local.shapes.escalation.max_instances
  }

  # Only a store that does not answer makes a timer come again; 2 s, doubled to a minute, for an hour. After that the
  # sweep, which stands behind every timer, has long taken over.
  retry_config {
    min_backoff        = "2s"
    max_backoff        = "60s"
    max_doublings      = 5
    max_attempts       = -1
    max_retry_duration = "3600s"
  }

  depends_on = [time_sleep.services]
}

# Create and delete (a delivery cancels the deadline), on the relay's own queues only.
resource "google_cloud_tasks_queue_iam_binding" "creators" {
  for_each = local.escalation_tiers

  name     = google_cloud_tasks_queue.tier[each.value].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  members  = [for name in local.functions_with_timers : "serviceAccount:${google_service_account.function[name].email}"]
}

resource "google_cloud_tasks_queue_iam_binding" "deleters" {
  for_each = local.escalation_tiers

  name     = google_cloud_tasks_queue.tier[each.value].name
  location = var.region
  role     = "roles/cloudtasks.taskDeleter"
  members  = [for name in local.functions_with_timers : "serviceAccount:${google_service_account.function[name].email}"]
}

# Messages to operators that were just put; the schedule below is for those whose time comes later.
resource "google_cloud_tasks_queue" "tell" {
  name     = local.tell_queue
  location = var.region

  rate_limits {
    max_dispatches_per_second = 5
    max_concurrent_dispatches = local.shapes.tell.concurrency * local.shapes.tell.max_instances
  }

  # A task only says that there is something to tell: after ten minutes the schedule has said so ten times.
  retry_config {
    min_backoff        = "2s"
    max_backoff        = "60s"
    max_doublings      = 5
    max_attempts       = -1
    max_retry_duration = "600s"
  }

  depends_on = [time_sleep.services]
}

resource "google_cloud_tasks_queue_iam_binding" "tell" {
  name     = google_cloud_tasks_queue.tell.name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  members  = [for name in local.functions_with_alarms : "serviceAccount:${google_service_account.function[name].email}"]
}

locals {
  # With another prefix another name, for the same reason: a deleted queue's name is taken for a week.
  tell_queue = var.tasks_queue_prefix == "escalate-tier" ? "tell" : "${var.tasks_queue_prefix}-tell"

  # Three in all: as many as Google gives away to each billing account.
  schedules = {
    sweep     = { cron = "* * * * *", description = "Resumes relays whose next step is overdue" }
    reconcile = { cron = "*/5 * * * *", description = "Compares the record with Twilio's own list" }
    tell      = { cron = "* * * * *", description = "Tells operators what is due, also what could not be told at once" }
  }
}

resource "google_cloud_scheduler_job" "this" {
  for_each = local.schedules

  name        = "relay-${each.key}"
  description = each.value.description
  region      = var.region
  schedule    = each.value.cron
  time_zone   = "Etc/UTC"
  # Longer than the function may take, so that a slow run is answered and not called a failure.
  attempt_deadline = "${local.shapes[each.key].timeout_seconds + 15}s"

  # The next minute is the retry.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = local.function_urls[each.key]
    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = local.function_urls[each.key]
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_binding.invokers]
}
