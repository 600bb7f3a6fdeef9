# Every mistake that can be seen before anything is created is refused with a sentence.

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
}

run "a_phone_number_that_is_not_e164" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "0155501000" }]
  }
  expect_failures = [var.tiers]
}

run "two_tiers_with_the_same_number" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001" }, { name = "again", phone = "+15550100001" }]
  }
  expect_failures = [var.tiers]
}

run "no_tier_at_all" {
  command = plan
  variables {
    tiers = []
  }
  expect_failures = [var.tiers]
}

run "a_tier_without_a_name" {
  command = plan
  variables {
    tiers = [{ name = " ", phone = "+15550100001" }]
  }
  expect_failures = [var.tiers]
}

run "a_receipt_timeout_beyond_what_twilio_keeps" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", receipt_timeout_seconds = 36001 }]
  }
  expect_failures = [var.tiers]
}

run "a_retry_delay_of_more_than_an_hour" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", retry_delays_seconds = [3601] }]
  }
  expect_failures = [var.tiers]
}

run "a_success_that_is_no_status" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100001", success = "read" }]
  }
  expect_failures = [var.tiers]
}

run "a_tier_that_is_our_own_number" {
  command = plan
  variables {
    tiers = [{ name = "owner", phone = "+15550100000" }]
  }
  expect_failures = [google_cloudfunctions2_function.this]
}

run "a_business_number_that_is_not_e164" {
  command = plan
  variables {
    business_phone_numbers = ["15550100000"]
  }
  expect_failures = [var.business_phone_numbers]
}

run "no_business_number" {
  command = plan
  variables {
    business_phone_numbers = []
  }
  expect_failures = [var.business_phone_numbers]
}

run "a_region_that_does_not_exist_for_firestore" {
  command = plan
  variables {
    region = "us-central9"
  }
  expect_failures = [var.region]
}

run "a_multi_region_as_the_region_of_functions" {
  command = plan
  variables {
    region = "nam5"
  }
  expect_failures = [var.region]
}

run "a_firestore_location_that_does_not_exist" {
  command = plan
  variables {
    firestore_location = "nam9"
  }
  expect_failures = [var.firestore_location]
}

run "a_gateway_region_without_api_gateway" {
  command = plan
  variables {
    gateway_region = "europe-north1"
  }
  expect_failures = [var.gateway_region]
}

run "a_project_number_instead_of_an_id" {
  command = plan
  variables {
    project_id = "123456789012"
  }
  expect_failures = [var.project_id]
}

run "everybody_as_an_operator" {
  command = plan
  variables {
    operators = ["allUsers"]
  }
  expect_failures = [var.operators]
}

run "a_wildcard_origin" {
  command = plan
  variables {
    relay_state_allowed_origins = ["*"]
  }
  expect_failures = [var.relay_state_allowed_origins]
}

run "a_notification_channel_that_is_none" {
  command = plan
  variables {
    notification_channels = ["jo@example.com"]
  }
  expect_failures = [var.notification_channels]
}

run "an_objective_of_everything" {
  command = plan
  variables {
    slo_goal = 1
  }
  expect_failures = [var.slo_goal]
}
