# What is seen only beside what else there is.

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
  twilio_account_sid     = "AC00000000000000000000000000000000"
  twilio_auth_token      = "11111111111111111111111111111111"
}

run "nobody_to_tell_is_said_and_does_not_stop_a_deployment" {
  command = plan
  variables {
    alert_emails = []
  }
  expect_failures = [check.alerts_have_a_channel]
}
