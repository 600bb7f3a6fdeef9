# Whole deployments on mocked Google providers: no account, no network. The archive provider is real, so the zip is built.
# tests/terraform/ (Python) reads the same runs as JSON and holds them against the relay's code. By hand, from terraform/:
#
#   terraform init && TF_WORKSPACE=demo-project terraform test

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
  # First values of secrets; all of them, because a test asks for each, also for those that have a default.
  twilio_account_sid          = "AC00000000000000000000000000000000"
  twilio_auth_token           = "11111111111111111111111111111111"
  twilio_auth_token_secondary = "22222222222222222222222222222222"
  twilio_api_key_sid          = "SK00000000000000000000000000000000"
  twilio_api_key_secret       = "secret"
  smtp_password               = "a password of words"
  relay_alarm_webhook_secret  = "33333333333333333333333333333333"
}

run "defaults" {
  assert {
    condition     = length(google_cloud_tasks_queue.tier) == 3 && length(merge(google_cloudfunctions2_function.this, google_cloudfunctions2_function.first)) == 13
    error_message = "Three tiers need three queues, and three escalation functions beside the ten others."
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
    condition     = output.console_url == "https://sms-relay-mocked.uc.gateway.dev/console/"
    error_message = "Operators are to open the console at the gateway."
  }
  assert {
    condition     = max([for function in merge(google_cloudfunctions2_function.this, google_cloudfunctions2_function.first) : function.service_config[0].max_instance_count]...) == 10 && alltrue([for function in google_cloudfunctions2_function.this : function.service_config[0].available_cpu == "1"])
    error_message = "By default no function has more than ten instances of one vCPU: the smallest quota seen."
  }
  assert {
    condition     = output.instances_at_most.in_all == sum([for function in merge(google_cloudfunctions2_function.this, google_cloudfunctions2_function.first) : function.service_config[0].max_instance_count])
    error_message = "The sum of instances is told."
  }
  assert {
    condition     = google_api_gateway_gateway.this[0].region == "us-central1"
    error_message = "The gateway stands in the region of the functions, where it can."
  }
  assert {
    condition     = length(google_secret_manager_secret.this) == 3
    error_message = "Secrets are made for what was asked for and for nothing else."
  }
  assert {
    condition     = length(google_cloud_scheduler_job.this) == 3 && length(google_secret_manager_secret.this) <= 6
    error_message = "Three schedules and six secrets are free."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.this : function.service_config[0].min_instance_count == 0])
    error_message = "By default no instance is kept warm."
  }
  assert {
    condition     = sum([for policy in concat(values(google_monitoring_alert_policy.threshold), values(google_monitoring_alert_policy.no_round)) : length(policy.conditions)]) == 6
    error_message = "Each condition is billed: one for what only the log knows, one for answers, one for queues and three for watchmen."
  }
  assert {
    condition     = keys(google_secret_manager_secret_version.first) == keys(google_secret_manager_secret.this) && alltrue([for version in google_secret_manager_secret_version.first : version.secret_data_wo == null && version.secret_data == null])
    error_message = "Each secret has a first version, whose value is kept nowhere."
  }
  assert {
    condition     = join(" ", keys(google_cloudfunctions2_function.first)) == "media"
    error_message = "One function is made before the others."
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
    alarm_phones                = ["+15550100007"]
    alarm_webhook_url           = "https://ntfy.example.com/relay_alarms"
    alarm_webhook_signed        = true
    export_events_to_bigquery   = true
  }
  assert {
    condition     = length(google_api_gateway_gateway.this) == 0
    error_message = "The gateway is left out."
  }
  assert {
    condition = sort([for name, binding in google_cloud_run_v2_service_iam_binding.invokers : name if contains(binding.members, "allUsers")]) == tolist([
      "media", "sms-delivery-status", "sms-inbound",
    ])
    error_message = "Only what Twilio and handlers' phones must reach is public."
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
    region                      = "europe-west3"
    firestore_location          = "eur3"
    firestore_database          = "sms-relay"
    protect_data                = false
    relay_collection            = "relays"
    warm_webhook_instances      = 2
    max_instances               = { webhook = 40, sweep = 2 }
    point_in_time_recovery      = false
    backup_retention_days       = 0
    send_with_api_key           = true
    twilio_api_base_url         = "https://twilio.example.com"
    media_base_url              = "https://p.example.com"
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
    relay_operators = [
      { name = "Ana", phone = "+15550100007", email = "ana@example.com" },
      { name = "Ben", email = "ben@example.com", role = "look" },
    ]
    console_base_url  = "https://console.example.com"
    trusted_proxies   = 3
    alarm_emails      = ["ana@example.com"]
    alarm_webhook_url = "https://hooks.example.com/alarms"
    alarm_words       = true
    smtp_url          = "smtp://relay@mail.example.com:587"
    email_from        = "relay@example.com"
    # One person at two tiers, which replies allow.
    tiers = [
      { name = "dispatcher", phone = "+15550100001" },
      { name = "manager", phone = "+15550100002", attachments = "none" },
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
    condition     = google_cloudfunctions2_function.this["sms-inbound"].service_config[0].min_instance_count == 2
    error_message = "A warm instance is an option."
  }
  assert {
    condition = [for name in ["sms-inbound", "sweep", "escalate-tier-1"] : google_cloudfunctions2_function.this[name].service_config[0].max_instance_count] == [
      40, 2, 10,
    ]
    error_message = "A kind of function may have more instances, the others stay as they are."
  }
  assert {
    condition     = google_firestore_database.this[0].deletion_policy == "DELETE" && google_firestore_database.this[0].delete_protection_state == "DELETE_PROTECTION_DISABLED"
    error_message = "Unprotected data go with the rest."
  }
}

run "database_that_exists" {
  variables {
    create_database           = false
    create_backup_schedule    = false
    export_events_to_bigquery = true
    create_events_table       = false
  }
  assert {
    condition     = length(google_firestore_database.this) == 0 && google_firestore_field.expiry["relays"].database == "(default)"
    error_message = "An existing database is used and not created again."
  }
  assert {
    condition     = length(google_firestore_backup_schedule.daily) == 0 && length(google_bigquery_dataset.events) == 0 && length(google_bigquery_table.events) == 0
    error_message = "What an earlier destroy left of backups and exported events is used and not created again."
  }
}
