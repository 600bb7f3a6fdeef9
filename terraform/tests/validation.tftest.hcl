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
    runtime                     = "python27"
    firestore_database          = "x"
  }
  expect_failures = [
    var.operators, var.relay_state_allowed_origins, var.relay_state_allowed_emails, var.notification_channels,
    var.alert_emails, var.twilio_api_base_url, var.runtime, var.firestore_database,
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

# Inputs that do not go together.

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
