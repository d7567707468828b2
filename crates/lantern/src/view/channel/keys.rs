//! The keys of a channel, but for the keys.

use ipmi_client::Told;
use ipmi_client::channels::{KeyState, KeyWritten};
use ipmi_wire::cmd::app::KeyLock;
use schemars::JsonSchema;
use serde::Serialize;

use super::shown;
use crate::cli::Key;
use crate::error::Exit;
use crate::view::View;
use crate::view::setting::reason;
use crate::view::table::fields;

/// What the BMC tells of the keys of a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Keys {
    /// What consoles need beside the password.
    kg: Option<State>,
    kg_reason: Option<String>,
    /// What some BMCs make random numbers from.
    kr: Option<State>,
    kr_reason: Option<String>,
    #[serde(skip)]
    lines: [String; 2],
}

/// What the BMC tells of a key.
#[derive(Debug, Serialize, JsonSchema)]
struct State {
    /// Whether it is set; null if the BMC does not tell, because it is locked, for example.
    set: Option<bool>,
    /// Null if the BMC does not tell.
    #[schemars(extend("enum" = ["not_lockable", "locked", "unlocked", "reserved", null]))]
    lock: Option<&'static str>,
}

impl From<&KeyState> for State {
    fn from(state: &KeyState) -> Self {
        Self {
            set: state.is_set,
            lock: state.lock.map(|lock| match lock {
                KeyLock::NotLockable => "not_lockable",
                KeyLock::Locked => "locked",
                KeyLock::Unlocked => "unlocked",
                KeyLock::Reserved => "reserved",
            }),
        }
    }
}

impl State {
    fn text(&self) -> String {
        let set = match self.set {
            Some(true) => "set",
            Some(false) => "not set",
            None => "not told",
        };
        match self.lock {
            Some(lock) => format!("{set}, {}", lock.replace('_', " ")),
            None => set.to_owned(),
        }
    }
}

impl Keys {
    pub(crate) fn new(kg: &Told<KeyState>, kr: &Told<KeyState>) -> Self {
        let line = |told| shown(told, |state| State::from(state).text());
        Self {
            kg: kg.as_ref().ok().map(State::from),
            kg_reason: reason(kg),
            kr: kr.as_ref().ok().map(State::from),
            kr_reason: reason(kr),
            lines: [line(kg), line(kr)],
        }
    }
}

impl View for Keys {
    const SCHEMA: &'static str = "lantern.channel_keys/1";

    fn text(&self, width: Option<u16>) -> String {
        let [kg, kr] = self.lines.clone();
        fields(width, [("K_g", kg), ("K_r", kr)])
    }

    fn exit(&self) -> Option<Exit> {
        // Nothing at all is no report.
        (self.kg.is_none() && self.kr.is_none()).then_some(Exit::Failed)
    }
}

/// A key that was set or locked.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KeySet {
    #[schemars(extend("enum" = ["K_g", "K_r"]))]
    key: &'static str,
    #[schemars(extend("enum" = ["set", "cleared", "locked"]))]
    done: &'static str,
    /// Whether the BMC has it now; null if it does not tell.
    kept: Option<bool>,
    #[serde(flatten)]
    state: State,
}

impl KeySet {
    pub(crate) fn set(key: Key, cleared: bool, written: KeyWritten) -> Self {
        let done = if cleared { "cleared" } else { "set" };
        let KeyWritten { kept, state } = written;
        Self { key: key.name(), done, kept, state: State::from(&state) }
    }

    pub(crate) fn locked(key: Key, state: KeyState) -> Self {
        let kept = state.lock.map(|lock| lock == KeyLock::Locked);
        Self { key: key.name(), done: "locked", kept, state: State::from(&state) }
    }
}

impl View for KeySet {
    const SCHEMA: &'static str = "lantern.channel_key_set/1";

    fn text(&self, _: Option<u16>) -> String {
        let Self { key, done, .. } = self;
        match self.kept {
            Some(true) => format!("{key} was {done}\n"),
            Some(false) => format!("{key}: the BMC said that it was {done}, and it is not\n"),
            None => format!("{key} was {done}; the BMC does not tell what it has now\n"),
        }
    }

    fn exit(&self) -> Option<Exit> {
        (self.kept == Some(false)).then_some(Exit::Failed)
    }
}
