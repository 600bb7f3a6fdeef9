# Google's own accounts (service agents) and their roles, and what is waited for: a service that was switched on and a
# right that was given are not known everywhere at once, and what is made too early is refused.

# --- Services ---------------------------------------------------------------------------------------------------------

# The project is looked up right after the service for that was switched on.
resource "time_sleep" "resource_manager" {
  create_duration = "30s"
  depends_on      = [google_project_service.resource_manager]
}

# Everything that needs a service waits for this; and once more when one is added.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(" ", local.services) }
  depends_on      = [google_project_service.this]
}

# --- Agents -----------------------------------------------------------------------------------------------------------

locals {
  # Google gives an agent its role when it makes it by itself, some time after the service is first used, and not when it
  # is asked for it. From Google's list of service agents, as of 2026-11.
  agents = {
    "cloudbuild.googleapis.com"     = { of = "gcp-sa-cloudbuild", role = "roles/cloudbuild.serviceAgent" }
    "cloudfunctions.googleapis.com" = { of = "gcf-admin-robot", role = "roles/cloudfunctions.serviceAgent" }
    "cloudscheduler.googleapis.com" = { of = "gcp-sa-cloudscheduler", role = "roles/cloudscheduler.serviceAgent" }
    "cloudtasks.googleapis.com"     = { of = "gcp-sa-cloudtasks", role = "roles/cloudtasks.serviceAgent" }
    "eventarc.googleapis.com"       = { of = "gcp-sa-eventarc", role = "roles/eventarc.serviceAgent" }
    "pubsub.googleapis.com"         = { of = "gcp-sa-pubsub", role = "roles/pubsub.serviceAgent" }
    "run.googleapis.com"            = { of = "serverless-robot-prod", role = "roles/run.serviceAgent" }
  }
  asked_for = setunion(setsubtract(keys(local.agents), ["pubsub.googleapis.com"]), var.use_gateway ? ["apigateway.googleapis.com"] : [])

  # Not every answer of Google's names the agent, so the names are put together here.
  agent_prefix = "serviceAccount:service-${local.project_number}"
}

resource "google_project_service_identity" "this" {
  provider = google-beta
  for_each = local.asked_for

  service    = each.value
  depends_on = [time_sleep.services]
}

# That of Pub/Sub gets rights of ours, too (events.tf).
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  service    = "pubsub.googleapis.com"
  depends_on = [time_sleep.services]
}

resource "google_project_iam_member" "service_agent" {
  #checkov:skip=CKV_GCP_49:These are the roles that Google made for these accounts of its own; no account of ours has them.
  for_each = local.agents

  project    = var.project_id
  role       = each.value.role
  member     = "${local.agent_prefix}@${each.value.of}.iam.gserviceaccount.com"
  depends_on = [google_project_service_identity.this, google_project_service_identity.pubsub]
}

# API Gateway has two. This one borrows the identity of the gateway's account; the gateway is refused while it may not.
resource "google_project_iam_member" "gateway_agent" {
  #checkov:skip=CKV_GCP_49:Google made this role for this account of its own, too.
  count = var.use_gateway ? 1 : 0

  project    = var.project_id
  role       = "roles/apigateway.serviceAgent"
  member     = "${local.agent_prefix}@gcp-sa-apigateway.iam.gserviceaccount.com"
  depends_on = [google_project_service_identity.this, google_api_gateway_api.this]
}

# The other one has the API's managed service made, so it is there once the API is. The gateway does not wait for this
# right: where Google makes the account later still, and gives it the role itself, only this is missing from an apply.
resource "google_project_iam_member" "gateway_management_agent" {
  #checkov:skip=CKV_GCP_49:Google made this role for this account of its own, too.
  count = var.use_gateway ? 1 : 0

  project    = var.project_id
  role       = "roles/apigateway_management.serviceAgent"
  member     = "${local.agent_prefix}@gcp-sa-apigateway-mgmt.iam.gserviceaccount.com"
  depends_on = [google_api_gateway_api.this]
}

moved {
  from = google_project_service_identity.eventarc
  to   = google_project_service_identity.this["eventarc.googleapis.com"]
}

moved {
  from = google_project_iam_member.service_agent["roles/eventarc.serviceAgent"]
  to   = google_project_iam_member.service_agent["eventarc.googleapis.com"]
}

moved {
  from = google_project_iam_member.service_agent["roles/pubsub.serviceAgent"]
  to   = google_project_iam_member.service_agent["pubsub.googleapis.com"]
}

# --- Rights -----------------------------------------------------------------------------------------------------------

# What builds, functions and triggers need. Google's word is two minutes, and seven or more at times; once more when a
# function or a secret is added.
resource "time_sleep" "rights" {
  create_duration = "120s"
  triggers        = { functions = join(" ", keys(local.functions)), secrets = join(" ", keys(local.secret_readers)) }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    google_project_iam_binding.store,
    google_project_iam_member.build_reads_source,
    google_project_iam_member.build_writes_logs,
    google_project_iam_member.events_trigger,
    google_project_iam_member.service_agent,
    google_secret_manager_secret_iam_binding.this,
  ]
}

resource "time_sleep" "gateway_rights" {
  count = var.use_gateway ? 1 : 0

  create_duration = "120s"
  depends_on      = [google_project_iam_member.gateway_agent, google_service_account.gateway]
}
