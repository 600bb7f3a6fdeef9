# What the log must not keep. Everything else that is logged, by the relay itself, holds no secret and no words.

locals {
  # A link to photos is a secret, and request logs hold the whole address. Both ways in write one: the gateway, and Cloud
  # Run, whose function answers.
  request_logs = ["cloud_run_revision", "apigateway.googleapis.com/Gateway"]
}

resource "google_logging_project_exclusion" "links" {
  name        = "sms-relay-links"
  description = "Requests for customers' photos, whose addresses are secrets"
  filter      = "resource.type=(${join(" OR ", [for type in local.request_logs : "\"${type}\""])}) AND httpRequest.requestUrl=~\"/m/\""
  depends_on  = [time_sleep.services]
}

# Every round of the uptime check would be a line that looks like trouble; its failures are in its own metric.
resource "google_logging_project_exclusion" "uptime_checks" {
  name        = "sms-relay-uptime-checks"
  description = "The uptime check's requests"
  filter      = "resource.type=(${join(" OR ", [for type in local.request_logs : "\"${type}\""])}) AND httpRequest.requestMethod=\"GET\" AND httpRequest.requestUrl=~\"/sms/inbound$\" AND httpRequest.userAgent=~\"^GoogleStackdriverMonitoring-UptimeChecks\""
  depends_on  = [time_sleep.services]
}
