//! What operations bring. `lantern bmc ctl` shows these very structs, so that there is one
//! description of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::protocol::SelfTestFlag;

mod qemu;

pub use qemu::{QemuEnd, QemuEndKind, QemuInfo, QemuState};

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

impl From<bool> for OnOff {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

impl OnOff {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// The BMCs behind the socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bmcs {
    /// By name.
    pub bmcs: Vec<BmcInfo>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BmcInfo {
    /// Its name in the configuration.
    pub name: String,
    /// Where it answers.
    pub addresses: Vec<String>,
    /// Whether there is mains power.
    pub mains: OnOff,
    /// The machine's main power.
    pub power: OnOff,
}

/// How a BMC is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Its name in the configuration.
    pub name: String,
    /// Where it answers.
    pub addresses: Vec<String>,
    /// The system's GUID, in IPMI's byte order.
    pub guid: String,
    /// How long its process has run it.
    pub uptime_seconds: u64,
    /// Whether there is mains power; without, it answers nobody.
    pub mains: OnOff,
    /// The machine's main power.
    pub power: OnOff,
    /// What the machine does when mains power comes back.
    pub power_restore_policy: String,
    /// Why the machine last came on or was reset.
    pub restart_cause: String,
    /// The identification light.
    pub identify: OnOff,
    /// Sessions that are open, and that can be.
    pub sessions: usize,
    /// See there.
    pub possible_sessions: usize,
    /// How many sensors there are.
    pub sensors: usize,
    /// The sensors that are made to say something.
    pub overridden_sensors: Vec<String>,
    /// Events in the log.
    pub sel_entries: usize,
    /// Whether events were lost because the log was full.
    pub sel_overflow: bool,
    /// Where it departs from the specification of sessions.
    pub quirks: Vec<String>,
    /// What it does wrong beyond that, with how much of it.
    pub faults: Vec<String>,
    /// What the self test finds.
    pub self_test: SelfTestName,
    /// Whether the watchdog counts down.
    pub watchdog: OnOff,
    /// What is left of its countdown; null if it does not run.
    pub watchdog_milliseconds: Option<u64>,
    /// Users who are locked out for wrong passwords; the number of one without a name.
    pub locked_out_users: Vec<String>,
    /// Datagrams that were dropped because of where they came from.
    pub refused_datagrams: u64,
    /// The way of software on the host to the BMC; null if there is none.
    pub system_interface: Option<SystemInterfaceInfo>,
    /// Messages of consoles that wait for software on the host to fetch them.
    pub waiting_messages: usize,
    /// The QEMU that is the machine; null if the machine is something else.
    pub qemu: Option<QemuInfo>,
}

/// The system interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemInterfaceInfo {
    /// What it leads to, as in the configuration.
    pub source: String,
    /// Whether a host is connected that has said something that makes sense.
    pub connected: bool,
    /// Who that is; null if there is none.
    pub host: Option<String>,
    /// What the host can be made to do: `power off`, `reset`, `interrupts`, `NMI`, `attention`,
    /// `graceful shutdown`.
    pub controls: Vec<String>,
}

/// Sensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sensors {
    /// By number.
    pub sensors: Vec<SensorInfo>,
}

/// A sensor as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SensorInfo {
    /// Number on LUN 0.
    pub number: u8,
    /// Name; empty if there is no record of it any more.
    pub name: String,
    /// What it watches.
    pub sensor_type: String,
    /// Whether it has a value or states.
    pub kind: Kind,
    /// Whether there is a reading.
    pub available: bool,
    /// Of one that has a value.
    pub value: Option<f64>,
    /// The value's unit, in words.
    pub unit: Option<String>,
    /// The raw reading that the value is made of.
    pub raw: Option<u8>,
    /// Offsets of the states that are asserted; of one with a value, bits of the thresholds that are
    /// exceeded: 0 to 2 are the lower ones, 3 to 5 the upper ones, from non-critical on.
    pub states: Vec<u8>,
    /// The same in words.
    pub state_texts: Vec<String>,
    /// Whence its readings come.
    pub source: SourceName,
    /// Whether it is made to say what it says.
    pub overridden: bool,
}

/// What a sensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value.
    Value,
    /// States.
    States,
}

/// Whence a sensor's readings come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceName {
    /// The machine is measured.
    Machine,
    /// The controller knows by itself.
    Controller,
    /// Software on the host writes it.
    Written,
}

/// The event log, or some of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Log {
    /// Oldest first.
    pub entries: Vec<LogEntry>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogEntry {
    /// Its number in the log.
    pub record_id: u16,
    /// When, in UTC; null of a kind that does not say, or from before the clock was set.
    pub time: Option<String>,
    /// Whose it is, if that is a sensor of this BMC.
    pub sensor: Option<String>,
    /// Number of whose it is.
    pub sensor_number: Option<u8>,
    /// In words, if it is a sensor's.
    pub event: Option<String>,
    /// Whether that began, or is over.
    pub asserted: Option<bool>,
    /// The whole record as hexadecimal digits.
    pub record: String,
}

/// That something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// What.
    pub operation: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The machine's main power now.
    pub power: OnOff,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// The machine came on.
    PoweredOn,
    /// The machine went off.
    PoweredOff,
    /// The operating system was asked to shut down.
    ShutdownRequested,
    /// The machine was reset.
    Reset,
    /// The machine got a diagnostic interrupt.
    Interrupted,
    /// The identification light went on.
    LightOn,
    /// The identification light went off.
    LightOff,
    /// It was so already, or has no meaning now.
    Nothing,
}

impl Outcome {
    /// It in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::PoweredOn => "the machine came on",
            Self::PoweredOff => "the machine went off",
            Self::ShutdownRequested => "the operating system was asked to shut down",
            Self::Reset => "the machine was reset",
            Self::Interrupted => "the machine got a diagnostic interrupt",
            Self::LightOn => "the identification light is on",
            Self::LightOff => "the identification light is off",
            Self::Nothing => "nothing: it was so already, or has no meaning now",
        }
    }
}

/// Departures from the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuirkNames {
    /// Those that are on.
    pub quirks: Vec<String>,
    /// All that there are.
    pub known: Vec<String>,
}

/// Faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Faults {
    /// In the order of the documentation.
    pub faults: Vec<FaultInfo>,
}

/// Something that a BMC does wrong, or could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultInfo {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub on: bool,
    /// How much of it is on; null if it is off, or takes no number.
    pub amount: Option<u32>,
    /// What the number counts; null if it takes none.
    pub counts: Option<String>,
    /// The least that the number can be.
    pub least: Option<u32>,
    /// The most.
    pub most: Option<u32>,
    /// What the number is if nothing is said.
    pub default: Option<u32>,
    /// What it is about.
    pub group: String,
    /// What the BMC does.
    pub does: String,
}

/// What the self test finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SelfTestInfo {
    /// The outcome.
    pub result: SelfTestName,
    /// What is corrupted.
    pub faults: Vec<SelfTestFlag>,
    /// The second byte of the answer: flags, or the manufacturer's code.
    pub detail_raw: u8,
    /// Whether it is made to find that.
    pub overridden: bool,
}

/// The outcome of a self test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelfTestName {
    /// No error.
    Passed,
    /// There is no self test.
    NotImplemented,
    /// Data or devices are corrupted or cannot be reached.
    Corrupted,
    /// Fatal hardware error.
    Fatal,
    /// The manufacturer's own.
    Oem,
}

impl SelfTestName {
    /// It in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotImplemented => "not implemented",
            Self::Corrupted => "failed",
            Self::Fatal => "fatal hardware error",
            Self::Oem => "the manufacturer's own result",
        }
    }
}

/// What DHCP has given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeaseInfo {
    /// IPv4 address; null if there is no lease.
    pub address: Option<String>,
    /// Its subnet mask.
    pub netmask: Option<String>,
    /// The default gateway; null if there is none.
    pub gateway: Option<String>,
    /// Whether DHCP is where the BMC's address comes from, so that it shows.
    pub in_use: bool,
}

/// Sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionsInfo {
    /// By handle.
    pub sessions: Vec<SessionInfo>,
}

/// A session on the LAN channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionInfo {
    /// The managed system's session ID.
    pub session: u32,
    /// Its short name in Get Session Info.
    pub handle: u8,
    /// Number of the user.
    pub user_id: u8,
    /// What the user is called now.
    pub user: String,
    /// The privilege level in force.
    pub privilege: String,
    /// Where the console is.
    pub console: String,
    /// How it is protected; null of one of IPMI 1.5.
    pub cipher_suite: Option<u8>,
}

/// The system's serial port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsoleInfo {
    /// What it is wired to.
    pub source: String,
    /// Whether characters can get to the system.
    pub available: bool,
    /// Whether Serial over LAN is enabled.
    pub sol_enabled: bool,
    /// Who has it, by instance: 1 writes, others read.
    pub active: Vec<ConsoleInstance>,
    /// How many can have it.
    pub possible_instances: u8,
    /// Characters that came from the system.
    pub heard: u64,
    /// Characters that went to it.
    pub typed: u64,
    /// Breaks that went to it.
    pub breaks: u64,
    /// Characters that are kept.
    pub history: usize,
    /// Characters that can be kept.
    pub history_capacity: usize,
    /// Characters that were gone before a console could read them.
    pub lost: u64,
}

/// Somebody who has the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsoleInstance {
    /// Instance of the payload.
    pub instance: u8,
    /// The managed system's session ID.
    pub session: u32,
    /// What the user is called now.
    pub user: String,
    /// Where that is.
    pub console: String,
}

/// What the system last sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsoleText {
    /// It, with what is no UTF-8 replaced.
    pub text: String,
    /// How many characters (bytes) it was.
    pub characters: usize,
}

/// That something was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsoleTyped {
    /// How many characters (bytes) were taken; the others were not.
    pub typed: usize,
}

/// That events follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Following {
    /// Those of these BMCs.
    pub bmcs: Vec<String>,
}

/// Something that happened: a line of its own, for whoever follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// What.
    pub event: EventKind,
    /// Which BMC it happened to.
    pub bmc: String,
    /// When it was noticed, in UTC.
    pub time: String,
    /// Of `mains`, `power` and `identify`: what it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<OnOff>,
    /// Of `session_opened` and `session_closed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionInfo>,
    /// Of `sel_added`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<LogEntry>,
    /// Of `sel_deleted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<u16>,
    /// Of `sel_missed`: how much happened to the log that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<u64>,
    /// Of `control`: the operation that somebody asked for over a control socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The mains failed or came back.
    Mains,
    /// Main power came or went.
    Power,
    /// The identification light went on or off.
    Identify,
    /// Somebody logged in.
    SessionOpened,
    /// A session ended.
    SessionClosed,
    /// An event was logged.
    SelAdded,
    /// An event was taken out of the log.
    SelDeleted,
    /// The log was cleared.
    SelCleared,
    /// So much happened to the log at once that not all of it is told.
    SelMissed,
    /// Somebody did something over a control socket.
    Control,
}
