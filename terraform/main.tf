# What the other files share: names, the tiers' numbers, and the services that must be enabled.

locals {
  labels = merge(var.labels, { app = "sms-relay" })

  # A project of a domain, example.com:my-project, as it stands in the addresses of its accounts.
  project_domain     = join(".", reverse(split(":", var.project_id)))
  project_number     = data.google_project.this.number
  firestore_location = coalesce(var.firestore_location, var.region)

  # Relays keep the tiers they started with, so removing a tier must not remove what still carries them.
  last_escalation_tier = max(length(var.tiers), var.keep_escalation_tiers)
  escalation_tiers     = toset([for number in range(1, local.last_escalation_tier + 1) : tostring(number)])

  # The form of a function's address that is known before anything exists. It breaks the cycle of a gateway that must
  # know its functions and functions that must know their gateway.
  function_urls = { for name in keys(local.functions) : name => "https://${name}-${local.project_number}.${var.region}.run.app" }

  services = toset(concat([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "eventarc.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    ],
    var.use_gateway ? ["apigateway.googleapis.com", "servicecontrol.googleapis.com", "servicemanagement.googleapis.com"] : [],
    var.export_events_to_bigquery ? ["bigquery.googleapis.com"] : [],
  ))
}

# Apart from the others, because the project's number is asked through it: what waits for that must not wait for
# services that are switched on later, or every address would be unknown again.
resource "google_project_service" "resource_manager" {
  service            = "cloudresourcemanager.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_service" "this" {
  for_each = local.services

  service = each.value
  # Others in the project may use them too: a destroy must not switch them off.
  disable_on_destroy = false

  # The provider looks the project up after enabling anything.
  depends_on = [time_sleep.resource_manager]
}
