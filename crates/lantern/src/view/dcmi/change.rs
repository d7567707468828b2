//! What was changed of DCMI's settings.

use ipmi_client::Written;
use ipmi_client::dcmi::LimitState;
use ipmi_wire::cmd::dcmi::{ConfigurationParameter, PowerLimit, ThermalLimit};
use schemars::JsonSchema;
use serde::Serialize;

use super::power::action;
use crate::error::Exit;
use crate::view::View;
use crate::view::setting::{self, Change, Value};

/// What was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Changed {
    changes: Vec<Change>,
}

impl Changed {
    pub(crate) const fn new(changes: Vec<Change>) -> Self {
        Self { changes }
    }

    pub(crate) fn text(what: &'static str, written: &Written<Vec<u8>>) -> Self {
        let text = |bytes: &Vec<u8>| Value::Text(String::from_utf8_lossy(bytes).into_owned());
        Self::new(vec![Change::part(what, written, text)])
    }

    pub(crate) fn active(written: &Written<bool>) -> Self {
        Self::new(vec![Change::part("power_limit", written, |active| *active)])
    }

    pub(crate) fn limit(written: &Written<LimitState>) -> Self {
        let of = |part: fn(PowerLimit) -> Value| {
            move |state: &LimitState| state.limit.map_or_else(|| Value::from("not_told"), part)
        };
        Self::new(vec![
            Change::part("watts", written, of(|limit| limit.watts.into())),
            Change::part("action", written, of(|limit| action(limit.action).into())),
            Change::part("correction_ms", written, of(|limit| limit.correction_ms.into())),
            Change::part("sampling_seconds", written, of(|limit| limit.sampling_seconds.into())),
        ])
    }

    pub(crate) fn thermal(written: &Written<ThermalLimit>) -> Self {
        Self::new(vec![
            Change::part("celsius", written, |limit| limit.celsius),
            Change::part("seconds", written, |limit| limit.seconds),
            Change::part("power_off", written, |limit| limit.power_off),
            Change::part("log", written, |limit| limit.log),
            Change::part("persistent", written, |limit| limit.persistent),
        ])
    }
}

/// What was changed by setting a configuration parameter.
pub(crate) fn changes_of(written: &Written<ConfigurationParameter>) -> Vec<Change> {
    use ConfigurationParameter as P;
    let seconds = |parameter: &P| -> Value {
        match parameter {
            P::InitialTimeout(seconds) => (*seconds).into(),
            P::ContactTimeout(seconds) | P::ContactRetry(seconds) => (*seconds).into(),
            _ => Value::from("not_told"),
        }
    };
    let flag = |pick: fn(&ipmi_wire::cmd::dcmi::DiscoveryConfiguration) -> bool| {
        move |parameter: &P| match parameter {
            P::Discovery(discovery) => Value::from(pick(discovery)),
            _ => Value::from("not_told"),
        }
    };
    match written.asked {
        P::Discovery(_) => vec![
            Change::part("host_name", written, flag(|d| d.host_name)),
            Change::part("vendor_class", written, flag(|d| d.vendor_class)),
            Change::part("random_back_off", written, flag(|d| d.random_back_off)),
        ],
        P::InitialTimeout(_) => vec![Change::part("initial_timeout_seconds", written, seconds)],
        P::ContactTimeout(_) => vec![Change::part("contact_timeout_seconds", written, seconds)],
        P::ContactRetry(_) => vec![Change::part("contact_retry_seconds", written, seconds)],
        P::ActivateDhcp(_) | P::Other { .. } => Vec::new(),
    }
}

impl View for Changed {
    const SCHEMA: &'static str = "lantern.dcmi_changed/1";

    fn text(&self, width: Option<u16>) -> String {
        setting::text(&self.changes, width)
    }

    fn exit(&self) -> Option<Exit> {
        setting::exit(&self.changes)
    }
}
