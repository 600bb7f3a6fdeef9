"""The commands of scripts/deployment, with a made-up gcloud and Terraform on PATH and the fake Twilio."""
