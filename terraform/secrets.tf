# Secret Manager entries and the first version of each. Their values stand in no state and no plan; from then on
# `make secrets` changes them, which Terraform neither sees nor undoes.
# The account's SID is no secret, but it lives with the token it belongs to, so that both change together.

locals {
  # By environment variable. TWILIO_AUTH_TOKEN_SECONDARY is always there: outside a rotation it equals the first token.
  secret_readers = {
    for variable in toset(flatten(values(local.secrets_of))) :
    variable => [for name in keys(local.functions) : name if contains(local.secrets_of[name], variable)]
  }

  first_values = {
    TWILIO_ACCOUNT_SID          = var.twilio_account_sid
    TWILIO_AUTH_TOKEN           = var.twilio_auth_token
    TWILIO_AUTH_TOKEN_SECONDARY = var.twilio_auth_token_secondary != "" ? var.twilio_auth_token_secondary : var.twilio_auth_token
    TWILIO_API_KEY_SID          = var.twilio_api_key_sid
    TWILIO_API_KEY_SECRET       = var.twilio_api_key_secret
    SMTP_PASSWORD               = var.smtp_password
    RELAY_ALARM_WEBHOOK_SECRET  = var.relay_alarm_webhook_secret
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secret_readers

  secret_id = lower(replace(each.key, "_", "-"))
  replication {
    auto {}
  }
  # Every value is where it comes from and in the deployer's repos.env, so a destroy may take these along.
  deletion_protection = false

  depends_on = [time_sleep.services]
}

# Exactly the functions that use a value may read it.
resource "google_secret_manager_secret_iam_binding" "this" {
  for_each = local.secret_readers

  secret_id = google_secret_manager_secret.this[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  members   = [for name in each.value : "serviceAccount:${google_service_account.function[name].email}"]
}

# --- First versions ---------------------------------------------------------------------------------------------------

# The provider wants a value in every plan, and sends it when it makes a version, never again. Without one, "" is sent,
# which Secret Manager refuses ("payload is required"): so nothing can put an empty or an old value in front. A version
# that was destroyed counts as gone and would be made again, so `make secrets` disables this one and destroys others.
resource "google_secret_manager_secret_version" "first" {
  for_each = local.secret_readers

  secret                 = google_secret_manager_secret.this[each.key].id
  secret_data_wo         = local.first_values[each.key]
  secret_data_wo_version = 1 # another number would destroy the version before it makes a new one
  deletion_policy        = "ABANDON"

  lifecycle {
    ignore_changes = [enabled]
  }
}

# When the state got a secret's first version: a later time is ignored, so only the plan that makes it has its own time.
resource "terraform_data" "first_version" {
  for_each = local.secret_readers

  input      = plantimestamp()
  depends_on = [google_secret_manager_secret_version.first]

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  # The secrets whose first version this plan makes.
  made_now = [for variable in keys(local.secret_readers) : variable if terraform_data.first_version[variable].input == plantimestamp()]
}

resource "terraform_data" "first_values_are_given" {
  lifecycle {
    precondition {
      condition     = alltrue([for variable in local.made_now : local.first_values[variable] != ""])
      error_message = "The first version of a secret needs its value, which of these is missing: give ${join(", ", formatlist("TF_VAR_%s", distinct([for variable in local.made_now : trimsuffix(lower(variable), "_secondary")])))} in the environment, once. `make deploy` takes them from repos.env."
    }
  }
}
