# Every mistake that can be seen before anything is created is refused with a sentence. Mistakes in different variables
# share a run: each of the variables that are named must be refused, and nothing else. These runs need nothing but the
# files of variables; what only shows beside other things is in checks.tftest.hcl.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

mock_provider "google-beta" {}

variables {
  project_id             = "demo-project"
  region                 = "us-central1"
  business_phone_numbers = ["+15550100000"]
  tiers                  = [{ name = "owner", phone = "+15550100001" }]
  alert_emails           = ["jo@example.com"]
}

run "phone_numbers_that_are_not_e164" {
  command = plan
  variables {
    tiers                  = [{ name = "owner", phone = "0155501000" }]
    business_phone_numbers = ["15550100000"]
  }
  expect_failures = [var.tiers, var.business_phone_numbers]
}

run "the_same_number_twice" {
  command = plan
  variables {
    tiers                  = [{ name = "owner", phone = "+15550100001" }, { name = "again", phone = "+15550100001" }]
    business_phone_numbers = ["+15550100000", "+15550100000"]
  }
  expect_failures = [var.tiers, var.business_phone_numbers]
}

run "no_tier_and_no_business_number" {
  command = plan
  variables {
    tiers                  = []
    business_phone_numbers = []
  }
  expect_failures = [var.tiers, var.business_phone_numbers]
}

run "places_that_do_not_exist_for_firestore_or_api_gateway" {
  command = plan
  variables {
    region             = "us-central9"
    firestore_location = "nam9"
    gateway_region     = "europe-north1"
  }
  expect_failures = [var.region, var.firestore_location, var.gateway_region]
}

# Firestore and Cloud Functions are there, Cloud Tasks is not: it would have been found out after the database was made.
run "a_region_without_queues" {
  command = plan
  variables {
    region = "europe-north1"
  }
  expect_failures = [var.region]
}

run "no_instance_at_all_and_more_than_a_queue_keeps_busy" {
  command = plan
  variables {
    max_instances = { webhook = 501, tell = 0, media = 1.5 }
  }
  expect_failures = [var.max_instances]
}

run "more_instances_kept_warm_than_may_run" {
  command = plan
  variables {
    warm_webhook_instances = 11
  }
  expect_failures = [var.max_instances]
}

run "a_multi_region_for_functions_and_a_tier_without_a_name" {
  command = plan
  variables {
    region = "nam5"
    tiers  = [{ name = " ", phone = "+15550100001" }]
  }
  expect_failures = [var.region, var.tiers]
}

run "a_receipt_timeout_beyond_what_twilio_keeps_and_a_backup_beyond_what_firestore_keeps" {
  command = plan
  variables {
    tiers                 = [{ name = "owner", phone = "+15550100001", receipt_timeout_seconds = 36001 }]
    backup_retention_days = 99
  }
  expect_failures = [var.tiers, var.backup_retention_days]
}

run "a_retry_delay_of_more_than_an_hour_and_an_objective_of_everything" {
  command = plan
  variables {
    tiers    = [{ name = "owner", phone = "+15550100001", retry_delays_seconds = [3601] }]
    slo_goal = 1
  }
  expect_failures = [var.tiers, var.slo_goal]
}

run "a_success_that_is_no_status_and_a_project_number_for_an_id" {
  command = plan
  variables {
    tiers      = [{ name = "owner", phone = "+15550100001", success = "read" }]
    project_id = "123456789012"
  }
  expect_failures = [var.tiers, var.project_id]
}

run "everybody_as_operator_any_origin_and_channels_and_addresses_that_are_none" {
  command = plan
  variables {
    operators                   = ["allUsers"]
    relay_state_allowed_origins = ["*"]
    relay_state_allowed_emails  = ["allUsers"]
    notification_channels       = ["jo@example.com"]
    alert_emails                = ["jo"]
    twilio_api_base_url         = "http://twilio.example.com"
    media_base_url              = "https://p.example.com/"
    runtime                     = "python27"
    firestore_database          = "x"
  }
  expect_failures = [
    var.operators, var.relay_state_allowed_origins, var.relay_state_allowed_emails, var.notification_channels,
    var.alert_emails, var.twilio_api_base_url, var.media_base_url, var.runtime, var.firestore_database,
  ]
}

run "amounts_out_of_range_and_names_that_google_refuses" {
  command = plan
  variables {
    keep_escalation_tiers       = 1.5
    warm_webhook_instances      = 21
    queue_dispatches_per_second = 0
    relay_collection            = "relays/one"
    tasks_queue_prefix          = "escalate_tier"
    labels                      = { Team = "Desk" }
    queue_depth_alert           = 0
  }
  expect_failures = [
    var.keep_escalation_tiers, var.warm_webhook_instances, var.queue_dispatches_per_second, var.relay_collection,
    var.tasks_queue_prefix, var.labels, var.queue_depth_alert,
  ]
}

run "one_phone_under_two_names_and_a_name_that_no_customer_could_read" {
  command = plan
  variables {
    tiers                = [{ name = "owner", phone = "+15550100001" }, { name = "desk", phone = "+15550100001" }]
    business_name        = "Harbor\nHeating"
    owner_active_seconds = 86401
  }
  expect_failures = [var.tiers, var.business_name, var.owner_active_seconds]
}

run "a_claim_that_is_waited_for_longer_than_texts_are_kept_and_a_name_of_signs" {
  command = plan
  variables {
    tiers         = [{ name = "owner", phone = "+15550100001", claim_timeout_seconds = 86401 }]
    business_name = "--"
  }
  expect_failures = [var.tiers, var.business_name]
}

run "operators_that_cannot_sign_in_and_addresses_that_are_none" {
  command = plan
  variables {
    relay_operators   = [{ name = "Ana" }]
    console_base_url  = "https://console.example.com/console"
    trusted_proxies   = 6
    alarm_phones      = ["15550100007"]
    alarm_emails      = ["Ana <ana@example.com>"]
    alarm_webhook_url = "http://ntfy.example.com/relay"
    smtp_url          = "smtp://relay:secret@mail.example.com:587"
    email_from        = "relay"
  }
  expect_failures = [
    var.relay_operators, var.console_base_url, var.trusted_proxies, var.alarm_phones, var.alarm_emails,
    var.alarm_webhook_url, var.smtp_url, var.email_from,
  ]
}

run "two_operators_of_one_name" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", phone = "+15550100007" }, { name = "ana ", phone = "+15550100008" }]
  }
  expect_failures = [var.relay_operators]
}

run "two_operators_of_one_phone_and_half_a_proxy" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", phone = "+15550100007" }, { name = "Ben", phone = "+15550100007" }]
    trusted_proxies = 1.5
  }
  expect_failures = [var.relay_operators, var.trusted_proxies]
}

run "an_operators_phone_that_is_no_number_and_a_server_that_speaks_no_smtp" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", phone = "5550100007" }]
    smtp_url        = "https://mail.example.com"
  }
  expect_failures = [var.relay_operators, var.smtp_url]
}

run "numbers_in_names_in_any_digits" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana 555\u20110100\uff10\uff10\uff17", email = "ana@example.com" }]
    tiers           = [{ name = "desk (555) 010-0001", phone = "+15550100001" }]
  }
  expect_failures = [var.relay_operators, var.tiers]
}

run "an_operators_email_that_is_none" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", email = "ana" }]
  }
  expect_failures = [var.relay_operators]
}

run "an_operators_role_that_is_none" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", phone = "+15550100007", role = "admin" }]
  }
  expect_failures = [var.relay_operators]
}

# Inputs that do not go together.

run "operators_who_could_not_reach_the_console" {
  command = plan
  variables {
    use_gateway     = false
    relay_operators = [{ name = "Ana", phone = "+15550100007" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "an_operator_at_our_own_number" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", phone = "+15550100000" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "alarms_at_our_own_number" {
  command = plan
  variables {
    alarm_phones = ["+15550100000"]
  }
  expect_failures = [terraform_data.inputs]
}

run "alarms_by_email_without_a_server" {
  command = plan
  variables {
    alarm_emails = ["ana@example.com"]
  }
  expect_failures = [terraform_data.inputs]
}

run "codes_by_email_without_a_server" {
  command = plan
  variables {
    relay_operators = [{ name = "Ana", email = "ana@example.com" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "email_that_comes_from_nowhere" {
  command = plan
  variables {
    smtp_url = "smtps://mail.example.com:465"
  }
  expect_failures = [terraform_data.inputs]
}

run "a_signature_under_nothing" {
  command = plan
  variables {
    alarm_webhook_signed = true
  }
  expect_failures = [terraform_data.inputs]
}

run "a_number_of_the_example_for_the_business" {
  command = plan
  variables {
    business_phone_numbers = ["+12025550100"]
  }
  expect_failures = [terraform_data.inputs]
}

run "a_number_of_the_example_for_an_operator" {
  command = plan
  variables {
    relay_operators = [{ name = "Jo", phone = "+13035550199" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "numbers_of_the_example_at_a_made_up_twilio" {
  command = plan
  variables {
    business_phone_numbers = ["+12025550100"]
    twilio_api_base_url    = "https://twilio.example.com"
  }
}

run "an_address_of_the_example_for_alerts" {
  command = plan
  variables {
    alert_emails = ["jo@business.example"]
  }
  expect_failures = [terraform_data.inputs]
}

run "an_address_of_the_example_for_alarms" {
  command = plan
  variables {
    alarm_webhook_url = "https://ntfy.business.example/our-relay"
  }
  expect_failures = [terraform_data.inputs]
}

run "a_project_of_a_domain" {
  command = plan
  variables {
    project_id = "example.com:my-project"
  }
  assert {
    condition     = terraform_data.inputs.input == "example.com:my-project"
    error_message = "Older projects have their domain before their id."
  }
}

run "half_a_backup_half_an_instance_and_a_domain_without_a_project" {
  command = plan
  variables {
    project_id             = "example.com:"
    backup_retention_days  = 7.5
    warm_webhook_instances = 0.5
  }
  expect_failures = [var.project_id, var.backup_retention_days, var.warm_webhook_instances]
}

run "half_a_second_an_objective_beyond_what_google_takes_and_a_name_on_two_lines" {
  command = plan
  variables {
    owner_active_seconds = 0.5
    slo_goal             = 0.99995
    tiers                = [{ name = "Jo\nHandler", phone = "+15550100001" }]
  }
  expect_failures = [var.owner_active_seconds, var.slo_goal, var.tiers]
}

run "a_seventh_secret" {
  command = plan
  variables {
    send_with_api_key    = true
    smtp_url             = "smtp://relay@mail.example.com:587"
    email_from           = "relay@example.com"
    alarm_webhook_url    = "https://hooks.example.com/alarms"
    alarm_webhook_signed = true
  }
  expect_failures = [terraform_data.inputs]
}

run "a_tier_that_is_our_own_number" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100000" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "a_claim_that_no_text_can_be" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", claim_timeout_seconds = 300 }]
  }
  expect_failures = [terraform_data.inputs]
}

run "one_person_at_two_tiers_without_replies" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001" }, { name = "owner", phone = "+15550100001" }]
  }
  expect_failures = [terraform_data.inputs]
}

run "replies_of_a_business_without_a_name" {
  command = plan
  variables {
    replies = true
  }
  expect_failures = [terraform_data.inputs]
}

run "a_tier_with_neither_a_link_nor_none" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", attachments = "mms" }]
  }
  expect_failures = [var.tiers]
}
