# Who does what: an account per function, one for whatever calls functions, one for operators. None of them has a role on
# the whole project beyond documents of this database and receiving events.

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "relay-${each.key}"
  display_name = "SMS relay: runs ${each.key}"
  depends_on   = [time_sleep.services]
}

# Whose token Cloud Tasks shows to the escalation functions and to `tell`.
resource "google_service_account" "tasks_invoker" {
  account_id   = "relay-tasks-invoker"
  display_name = "SMS relay: calls the escalation functions and tell"
  depends_on   = [time_sleep.services]
}

# Who creates a task with that token must be allowed to act as it.
resource "google_service_account_iam_binding" "tasks_invoker_users" {
  service_account_id = google_service_account.tasks_invoker.name
  role               = "roles/iam.serviceAccountUser"
  members            = [for name in distinct(concat(local.functions_with_timers, local.functions_with_alarms)) : "serviceAccount:${google_service_account.function[name].email}"]
}

resource "google_service_account" "scheduler" {
  account_id   = "relay-scheduler"
  display_name = "SMS relay: calls sweep, reconcile and tell"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "events_trigger" {
  account_id   = "relay-events-trigger"
  display_name = "SMS relay: calls relay-events on document writes"
  depends_on   = [time_sleep.services]
}

resource "google_project_iam_member" "events_trigger" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = "serviceAccount:${google_service_account.events_trigger.email}"
}

resource "google_service_account" "gateway" {
  count = var.use_gateway ? 1 : 0

  account_id   = "relay-gateway"
  display_name = "SMS relay: calls the functions behind the gateway"
  depends_on   = [time_sleep.services]
}

# Operators borrow this account's identity, because a person's own token cannot be made out to an audience of ours. It
# has no role anywhere: being on the allow-list is all it can do.
resource "google_service_account" "operator" {
  account_id   = "relay-operator"
  display_name = "SMS relay: looks up and redrives relays"
  depends_on   = [time_sleep.services]
}

resource "google_service_account_iam_binding" "operators" {
  count = length(var.operators) > 0 ? 1 : 0

  service_account_id = google_service_account.operator.name
  role               = "roles/iam.serviceAccountTokenCreator"
  members            = var.operators
}
