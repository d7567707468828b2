//! Requests and their answers, one JSON object a line. `docs/control.md` explains them.
//!
//! An operation is one variant of [`Operation`]; what it brings is in [`reply`](super::reply).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use ipmi_wire::cmd::chassis::PowerAction;

mod faults;
mod refusal;
#[cfg(test)]
mod tests;

pub use faults::{
    FaultSet, LeaseGive, SelfTestFlag, SelfTestFlags, SelfTestResult, SelfTestSet, fault,
};
pub(crate) use refusal::meant;
pub use refusal::{Code, Refusal};

/// The longest line, in bytes, its end included.
pub const MAX_LINE: usize = 64 * 1024;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do")]
pub enum Operation {
    /// The BMCs behind the socket.
    #[serde(rename = "bmc.list")]
    BmcList(Nothing),
    /// How a BMC is.
    #[serde(rename = "status")]
    Status(Nothing),
    /// All sensors.
    #[serde(rename = "sensor.list")]
    SensorList(Nothing),
    /// One sensor.
    #[serde(rename = "sensor.get")]
    SensorGet(OfSensor),
    /// Makes a sensor say something, whatever is true.
    #[serde(rename = "sensor.set")]
    SensorSet(SensorSet),
    /// Lets a sensor, or all of them, tell the truth again.
    #[serde(rename = "sensor.release")]
    SensorRelease(SensorRelease),
    /// Puts an event into the log.
    #[serde(rename = "event.inject")]
    EventInject(EventInject),
    /// The event log.
    #[serde(rename = "sel.list")]
    SelList(SelList),
    /// Clears the event log.
    #[serde(rename = "sel.clear")]
    SelClear(Nothing),
    /// Presses a button on the front panel.
    #[serde(rename = "button.press")]
    ButtonPress(ButtonPress),
    /// Chassis Control, as from the host.
    #[serde(rename = "power.control")]
    PowerControl(PowerControl),
    /// Pulls the plug.
    #[serde(rename = "mains.pull")]
    MainsPull(Nothing),
    /// Puts the plug in again.
    #[serde(rename = "mains.restore")]
    MainsRestore(Nothing),
    /// Opens the lid.
    #[serde(rename = "lid.open")]
    LidOpen(Nothing),
    /// Closes the lid.
    #[serde(rename = "lid.close")]
    LidClose(Nothing),
    /// Where the BMC departs from the specification, and where it could.
    #[serde(rename = "quirk.list")]
    QuirkList(Nothing),
    /// Departs in these points and no others.
    #[serde(rename = "quirk.set")]
    QuirkSet(QuirkSet),
    /// What the BMC does wrong beyond its sessions, and what it could.
    #[serde(rename = "fault.list")]
    FaultList(Nothing),
    /// Does these things wrong and no others.
    #[serde(rename = "fault.set")]
    FaultSet(FaultSet),
    /// Makes the self test find something, whatever is true.
    #[serde(rename = "selftest.set")]
    SelfTestSet(SelfTestSet),
    /// Has DHCP give an address.
    #[serde(rename = "lease.give")]
    LeaseGive(LeaseGive),
    /// Has DHCP give none any more.
    #[serde(rename = "lease.lose")]
    LeaseLose(Nothing),
    /// The system's serial port, and who has it.
    #[serde(rename = "console.get")]
    ConsoleGet(Nothing),
    /// What the system last sent.
    #[serde(rename = "console.tail")]
    ConsoleTail(ConsoleTail),
    /// Types something at the system.
    #[serde(rename = "console.type")]
    ConsoleType(ConsoleType),
    /// All sessions.
    #[serde(rename = "session.list")]
    SessionList(Nothing),
    /// Ends a session, or all of them.
    #[serde(rename = "session.end")]
    SessionEnd(SessionEnd),
    /// Tells on this connection what happens from now on.
    #[serde(rename = "follow")]
    Follow(Nothing),
}

impl Operation {
    /// The names of all operations.
    pub const NAMES: [&'static str; 28] = [
        "bmc.list",
        "status",
        "sensor.list",
        "sensor.get",
        "sensor.set",
        "sensor.release",
        "event.inject",
        "sel.list",
        "sel.clear",
        "button.press",
        "power.control",
        "mains.pull",
        "mains.restore",
        "lid.open",
        "lid.close",
        "quirk.list",
        "quirk.set",
        "fault.list",
        "fault.set",
        "selftest.set",
        "lease.give",
        "lease.lose",
        "console.get",
        "console.tail",
        "console.type",
        "session.list",
        "session.end",
        "follow",
    ];

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BmcList(_) => "bmc.list",
            Self::Status(_) => "status",
            Self::SensorList(_) => "sensor.list",
            Self::SensorGet(_) => "sensor.get",
            Self::SensorSet(_) => "sensor.set",
            Self::SensorRelease(_) => "sensor.release",
            Self::EventInject(_) => "event.inject",
            Self::SelList(_) => "sel.list",
            Self::SelClear(_) => "sel.clear",
            Self::ButtonPress(_) => "button.press",
            Self::PowerControl(_) => "power.control",
            Self::MainsPull(_) => "mains.pull",
            Self::MainsRestore(_) => "mains.restore",
            Self::LidOpen(_) => "lid.open",
            Self::LidClose(_) => "lid.close",
            Self::QuirkList(_) => "quirk.list",
            Self::QuirkSet(_) => "quirk.set",
            Self::FaultList(_) => "fault.list",
            Self::FaultSet(_) => "fault.set",
            Self::SelfTestSet(_) => "selftest.set",
            Self::LeaseGive(_) => "lease.give",
            Self::LeaseLose(_) => "lease.lose",
            Self::ConsoleGet(_) => "console.get",
            Self::ConsoleTail(_) => "console.tail",
            Self::ConsoleType(_) => "console.type",
            Self::SessionList(_) => "session.list",
            Self::SessionEnd(_) => "session.end",
            Self::Follow(_) => "follow",
        }
    }

    /// Whether it only looks.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::BmcList(_)
                | Self::Status(_)
                | Self::SensorList(_)
                | Self::SensorGet(_)
                | Self::SelList(_)
                | Self::QuirkList(_)
                | Self::FaultList(_)
                | Self::ConsoleGet(_)
                | Self::ConsoleTail(_)
                | Self::SessionList(_)
                | Self::Follow(_)
        )
    }
}

/// There is nothing to say about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A sensor, as one calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a sensor is a name, or a number from 0 to 254")]
pub enum SensorName {
    /// Its number on LUN 0.
    Number(u8),
    /// Its name, in capitals or not.
    Name(String),
}

impl std::fmt::Display for SensorName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number:#04x}"),
            Self::Name(name) => write!(f, "'{name}'"),
        }
    }
}

/// Of `sensor.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSensor {
    /// Which.
    pub sensor: SensorName,
}

/// Of `sensor.set`: exactly one of `value`, `states` and `unavailable`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorSet {
    /// Which.
    pub sensor: SensorName,
    /// A value in the sensor's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The offsets of the states that are asserted; all others are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<u8>>,
    /// No reading can be had.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unavailable: bool,
}

/// Of `sensor.release`: `sensor`, or all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensorRelease {
    /// Which; all that were set if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<SensorName>,
}

/// Of `event.inject`: `sensor` and `offset`, or `record`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventInject {
    /// Whose event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<SensorName>,
    /// Which of the sensor's states, or threshold events: 0 to 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u8>,
    /// That it is over, rather than that it began.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deassert: bool,
    /// Event data 2 and 3; unspecified (FFh) if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<[u8; 2]>,
    /// A whole record, 16 bytes as 32 hexadecimal digits; record ID and time are the log's to give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// Of `sel.list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelList {
    /// Only so many of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<usize>,
}

/// Of `button.press`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ButtonPress {
    /// Which.
    pub button: ButtonName,
    /// The power button is held for four seconds.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
}

/// A button on the front panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonName {
    /// Power.
    Power,
    /// Reset.
    Reset,
    /// Diagnostic interrupt (NMI).
    Diagnostic,
    /// Identification light.
    Identify,
}

/// Of `power.control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerControl {
    /// What.
    pub action: Action,
}

/// What Chassis Control can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Switches on.
    On,
    /// Switches off at once.
    Off,
    /// Asks the operating system to shut down.
    Soft,
    /// Off, and on again.
    Cycle,
    /// Hard reset.
    Reset,
    /// Diagnostic interrupt (NMI).
    Diagnostic,
}

impl From<Action> for PowerAction {
    fn from(action: Action) -> Self {
        match action {
            Action::On => Self::On,
            Action::Off => Self::Off,
            Action::Soft => Self::SoftOff,
            Action::Cycle => Self::Cycle,
            Action::Reset => Self::Reset,
            Action::Diagnostic => Self::DiagnosticInterrupt,
        }
    }
}

/// Of `quirk.set`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuirkSet {
    /// Their names, as in `docs/quirks.md`; with none the BMC is as the specification has it.
    pub quirks: Vec<String>,
}

/// Of `console.tail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleTail {
    /// So many at most; about a screen if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<usize>,
}

/// Of `console.type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleType {
    /// What. The Enter key is `\r`.
    pub text: String,
}

/// Of `session.end`: `session`, or `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionEnd {
    /// The ID that `session.list` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// All of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub all: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// An operation with what goes around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What the answer is known by: a number, a text, or null.
    pub id: Value,
    /// Which BMC; may be left out where there is only one.
    pub bmc: Option<String>,
    /// What.
    pub operation: Operation,
}

impl Request {
    /// Reads a line. With what is wrong goes the ID of what it is wrong with, as far as there is one.
    ///
    /// # Errors
    /// [`Code::Malformed`], [`Code::UnknownOperation`] or [`Code::BadRequest`].
    pub fn parse(line: &[u8]) -> Result<Self, (Value, Refusal)> {
        let mut object: Map<String, Value> = serde_json::from_slice(line).map_err(|error| {
            let says = format!("not a JSON object: {error}");
            (Value::Null, Refusal::new(Code::Malformed, says))
        })?;
        let id = object.remove("id").unwrap_or_default();
        if !matches!(id, Value::Null | Value::Number(_) | Value::String(_)) {
            let says = "'id' is a number or a text";
            return Err((Value::Null, Refusal::new(Code::BadRequest, says)));
        }
        match Self::rest(object) {
            Ok((bmc, operation)) => Ok(Self { id, bmc, operation }),
            Err(refusal) => Err((id, refusal)),
        }
    }

    fn rest(mut object: Map<String, Value>) -> Result<(Option<String>, Operation), Refusal> {
        let bmc = match object.remove("bmc") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(Refusal::new(Code::BadRequest, "'bmc' is a name")),
        };
        let Some(Value::String(name)) = object.get("do") else {
            return Err(Refusal::new(Code::BadRequest, "'do' says what is to be done"));
        };
        if !Operation::NAMES.contains(&name.as_str()) {
            let says = format!("no operation '{name}'{}", meant(name, Operation::NAMES));
            return Err(Refusal::new(Code::UnknownOperation, says));
        }
        let name = name.clone();
        match Operation::deserialize(Value::Object(object)) {
            Ok(operation) => Ok((bmc, operation)),
            Err(error) => Err(Refusal::new(Code::BadRequest, format!("{name}: {error}"))),
        }
    }

    /// The request as a line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut object = Map::new();
        if !self.id.is_null() {
            object.insert("id".to_owned(), self.id.clone());
        }
        if let Some(bmc) = &self.bmc {
            object.insert("bmc".to_owned(), bmc.clone().into());
        }
        // Operations are structs of plain values: they have nothing that JSON cannot say.
        if let Ok(Value::Object(operation)) = serde_json::to_value(&self.operation) {
            object.extend(operation);
        }
        Value::Object(object).to_string()
    }
}

/// An answer: what it brings, or why it brings nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// That of the request.
    #[serde(default)]
    pub id: Value,
    /// Whether it was done.
    pub ok: bool,
    /// What it brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Refusal>,
}

impl Response {
    /// To the request of this ID.
    #[must_use]
    pub fn new(id: Value, outcome: Result<Value, Refusal>) -> Self {
        match outcome {
            Ok(result) => Self { id, ok: true, result: Some(result), error: None },
            Err(error) => Self { id, ok: false, result: None, error: Some(error) },
        }
    }

    /// The answer as a line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        // See above.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}
