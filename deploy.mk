# Deployment targets; the Makefile includes this file. Each says what it will do before it does it, and stops early with
# one sentence when a tool, a login or a variable is missing. PROJECT and REGION name where; YES=1 does not ask.

# For these targets alone: tests and the local stack must not see them.
plan deploy destroy secrets smoke: export PROJECT := $(PROJECT)
plan deploy destroy secrets: export REGION := $(REGION)
configure-number: export DRY_RUN := $(DRY_RUN)
smoke: export NO_SMS := $(NO_SMS)
smoke: export STACK := $(STACK)
smoke: export BACKEND := $(BACKEND)
ROTATE ?= push
DEPLOY_OPTIONS = $(if $(YES),--yes)

##@ Deploy

.PHONY: plan
plan: $(VENV)/.run ## Show what a deployment would change (PROJECT=my-project REGION=us-central1)
	@$(PY) -m scripts.deployment.deploy plan

.PHONY: deploy
deploy: $(VENV)/.run ## Deploy to Google Cloud with Terraform (PROJECT=… REGION=…, YES=1 does not ask)
	@$(PY) -m scripts.deployment.deploy deploy $(DEPLOY_OPTIONS)

.PHONY: destroy
destroy: $(VENV)/.run ## Take the deployment down; says what protection keeps (PROJECT=… REGION=…)
	@$(PY) -m scripts.deployment.deploy destroy $(DEPLOY_OPTIONS)

.PHONY: secrets
secrets: $(VENV)/.run ## Push repos.env to Secret Manager (PROJECT=… REGION=…; ROTATE=add|promote|retire rotates the token)
	@$(PY) -m scripts.deployment.manage_secrets $(ROTATE)

.PHONY: configure-number
configure-number: $(VENV)/.run ## Point the Twilio number at the deployment (DRY_RUN=1 only shows the difference)
	@$(PY) -m scripts.deployment.configure_number

.PHONY: smoke
smoke: $(VENV)/.run ## Send a synthetic text through the deployment and clean up (PROJECT=…, NO_SMS=1, or STACK=http://127.0.0.1:8080)
	@$(PY) -m scripts.deployment.smoke

.PHONY: terraform-docs
terraform-docs: $(VENV)/.run ## Regenerate the tables of inputs and outputs in terraform/README.md
	@$(PY) -m scripts.deployment.terraform_docs
