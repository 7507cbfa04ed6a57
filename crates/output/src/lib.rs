//! Alerts, rollups and rejects and their wire forms.
