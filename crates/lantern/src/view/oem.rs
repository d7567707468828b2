//! What a maker means by its own.

use ipmi_wire::sel::Severity;
use ipmi_wire::vendor::Decoded;
use schemars::JsonSchema;
use serde::Serialize;

/// What a maker means by what the specification leaves to it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Oem {
    /// Whose table says so; null if none does, or nobody's is known.
    pub(crate) vendor: Option<&'static str>,
    /// Null if nobody knows what it means.
    pub(crate) text: Option<String>,
    /// How bad it is; null if nobody says so.
    #[schemars(extend("enum" = ["ok", "warning", "critical", null]))]
    pub(crate) state: Option<&'static str>,
    /// Where that is from.
    pub(crate) sources: Vec<&'static str>,
}

impl Oem {
    /// What nobody knows the meaning of.
    pub(crate) const fn unknown(vendor: Option<&'static str>) -> Self {
        Self { vendor, text: None, state: None, sources: Vec::new() }
    }

    /// Whether the BMC's maker explains it, and not what is known of all makers' machines.
    pub(crate) fn is_of_maker(&self) -> bool {
        self.text.is_some() && self.vendor != Some("Linux kernel")
    }
}

impl From<&Decoded> for Oem {
    fn from(decoded: &Decoded) -> Self {
        Self {
            vendor: Some(decoded.vendor),
            text: Some(decoded.text()),
            state: state(decoded.severity),
            sources: decoded.sources.clone(),
        }
    }
}

/// As the tables write it.
pub(crate) const fn state(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Unknown => None,
        Severity::Information => Some("ok"),
        Severity::Warning => Some("warning"),
        Severity::Critical | Severity::NonRecoverable => Some("critical"),
    }
}
