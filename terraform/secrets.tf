# Secret Manager entries, without values: those come from `make secrets` and never pass through Terraform's state.
# The account's SID is no secret, but it lives with the token it belongs to, so that both change together.

locals {
  # By environment variable. TWILIO_AUTH_TOKEN_SECONDARY is always there: outside a rotation it equals the first token.
  secret_readers = {
    for variable in toset(flatten(values(local.secrets_of))) :
    variable => [for name in keys(local.functions) : name if contains(local.secrets_of[name], variable)]
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secret_readers

  secret_id = lower(replace(each.key, "_", "-"))
  replication {
    auto {}
  }
  # Every value is at Twilio and in the operator's repos.env, so a destroy may take these along.
  deletion_protection = false

  depends_on = [google_project_service.this]
}

# Exactly the functions that use a value may read it.
resource "google_secret_manager_secret_iam_binding" "this" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.this[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  members   = [for name in each.value : "serviceAccount:${google_service_account.function[name].email}"]
}
