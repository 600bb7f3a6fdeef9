# Whole deployments on mocked Google providers: no account, no network. The archive provider is real, so the zip is built.
# tests/terraform/ (Python) reads the same runs as JSON and holds them against the relay's code.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  # Arguments are checked by the real provider even here, so names that others refer to need their real form.
  mock_resource "google_service_account" {
    defaults = { name = "projects/demo-project/serviceAccounts/mocked@demo-project.iam.gserviceaccount.com" }
  }
  # Addresses that functions are told, and check.
  override_resource {
    target = google_service_account.operator
    values = {
      email = "relay-operator@demo-project.iam.gserviceaccount.com"
      name  = "projects/demo-project/serviceAccounts/relay-operator@demo-project.iam.gserviceaccount.com"
    }
  }
  override_resource {
    target = google_service_account.tasks_invoker
    values = {
      email = "relay-tasks-invoker@demo-project.iam.gserviceaccount.com"
      name  = "projects/demo-project/serviceAccounts/relay-tasks-invoker@demo-project.iam.gserviceaccount.com"
    }
  }
  mock_resource "google_artifact_registry_repository" {
    defaults = { id = "projects/demo-project/locations/us-central1/repositories/sms-relay" }
  }
  mock_resource "google_monitoring_notification_channel" {
    defaults = { name = "projects/demo-project/notificationChannels/1" }
  }
}

mock_provider "google-beta" {
  mock_resource "google_api_gateway_gateway" {
    defaults = { default_hostname = "sms-relay-mocked.uc.gateway.dev" }
  }
}

variables {
  project_id             = "demo-project"
  region                 = "us-central1"
  business_phone_numbers = ["+15550100000"]
  tiers = [
    { name = "dispatcher", phone = "+15550100001" },
    { name = "manager", phone = "+15550100002" },
    { name = "owner", phone = "+15550100003" },
  ]
  alert_emails = ["jo@example.com"]
}

run "defaults" {
  assert {
    condition     = length(google_cloud_tasks_queue.tier) == 3 && length(google_cloudfunctions2_function.this) == 11
    error_message = "Three tiers need three queues, and three escalation functions beside the eight others."
  }
  assert {
    condition     = alltrue([for binding in google_cloud_run_v2_service_iam_binding.invokers : !contains(binding.members, "allUsers")])
    error_message = "Behind the gateway no function is public."
  }
  assert {
    condition     = output.inbound_url == "https://sms-relay-mocked.uc.gateway.dev/sms/inbound"
    error_message = "Twilio is to call the gateway."
  }
  assert {
    condition     = google_firestore_database.this[0].delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.this[0].deletion_policy == "ABANDON"
    error_message = "The database is protected by default, and a destroy leaves it."
  }
}

run "one_tier" {
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", retry_delays_seconds = [], receipt_timeout_seconds = 30, success = "sent" }]
  }
  assert {
    condition     = keys(google_cloud_tasks_queue.tier) == ["1"]
    error_message = "One tier needs one queue."
  }
}

run "five_tiers" {
  variables {
    tiers = [for number in range(1, 6) : { name = "tier ${number}", phone = "+1555010000${number}" }]
  }
  assert {
    condition     = keys(google_cloud_tasks_queue.tier) == ["1", "2", "3", "4", "5"]
    error_message = "Five tiers need five queues."
  }
}

run "fewer_tiers_while_relays_are_on_their_way" {
  variables {
    tiers                 = [{ name = "owner", phone = "+15550100001" }]
    keep_escalation_tiers = 3
  }
  assert {
    condition     = length(google_cloud_tasks_queue.tier) == 3 && google_cloudfunctions2_function.this["escalate-tier-3"].name == "escalate-tier-3"
    error_message = "Queues and functions of tiers that relays still carry must stay."
  }
}

run "without_gateway" {
  variables {
    use_gateway                 = false
    operators                   = ["user:jo@example.com"]
    relay_state_allowed_origins = []
  }
  assert {
    condition     = length(google_api_gateway_gateway.this) == 0
    error_message = "The gateway is left out."
  }
  assert {
    condition = sort([for name, binding in google_cloud_run_v2_service_iam_binding.invokers : name if contains(binding.members, "allUsers")]) == tolist([
      "sms-delivery-status", "sms-inbound",
    ])
    error_message = "Only what Twilio must reach is public."
  }
  assert {
    condition     = output.inbound_url == "https://sms-inbound-123456789012.us-central1.run.app/sms/inbound"
    error_message = "Twilio is to call the function itself."
  }
}

run "every_option" {
  # The others' state refuses another region (place.tf).
  state_key = "another_region"
  variables {
    region                      = "europe-north1"
    firestore_location          = "eur3"
    firestore_database          = "sms-relay"
    protect_data                = false
    relay_collection            = "relays"
    warm_webhook_instances      = 0
    send_with_api_key           = true
    twilio_api_base_url         = "https://twilio.example.com"
    tasks_queue_prefix          = "relay"
    operators                   = ["user:jo@example.com", "group:desk@example.com"]
    relay_state_allowed_emails  = ["desk@other-project.iam.gserviceaccount.com"]
    relay_state_allowed_origins = ["https://console.example.com"]
    export_events_to_bigquery   = true
    alert_emails                = ["jo@example.com"]
    notification_channels       = ["projects/demo-project/notificationChannels/42"]
    labels                      = { team = "desk" }
    business_phone_numbers      = ["+15550100000", "+15550100009"]
    replies                     = true
    business_name               = "Harbor Heating"
    owner_active_seconds        = 3600
    # One person at two tiers, which replies allow.
    tiers = [
      { name = "dispatcher", phone = "+15550100001" },
      { name = "manager", phone = "+15550100002" },
      { name = "dispatcher", phone = "+15550100001" },
    ]
  }
  assert {
    condition     = google_api_gateway_gateway.this[0].region == "europe-west1"
    error_message = "Where API Gateway does not exist, the nearest region that has it is taken."
  }
  assert {
    condition     = google_firestore_database.this[0].location_id == "eur3" && google_cloudfunctions2_function.this["relay-events"].event_trigger[0].trigger_region == "eur3"
    error_message = "The trigger must be where the database is."
  }
  assert {
    condition     = google_cloudfunctions2_function.this["sms-inbound"].service_config[0].min_instance_count == 0
    error_message = "A deployment may do without a warm instance."
  }
  assert {
    condition     = google_firestore_database.this[0].deletion_policy == "DELETE" && google_firestore_database.this[0].delete_protection_state == "DELETE_PROTECTION_DISABLED"
    error_message = "Unprotected data go with the rest."
  }
}

run "database_that_exists" {
  variables {
    create_database = false
  }
  assert {
    condition     = length(google_firestore_database.this) == 0 && google_firestore_field.expiry["relays"].database == "(default)"
    error_message = "An existing database is used and not created again."
  }
}
