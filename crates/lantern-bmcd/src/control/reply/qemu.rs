//! A machine that is a QEMU, as `status` tells of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The QEMU that is the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QemuInfo {
    /// How it is now.
    pub state: QemuState,
    /// Its process; null if there is none.
    pub pid: Option<i32>,
    /// Whether an earlier BMC has started it, and this one has found it.
    pub adopted: bool,
    /// How the last one ended, or why it did not start; null if this BMC has seen none end.
    pub last_end: Option<QemuEnd>,
}

/// How a QEMU is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QemuState {
    /// There is none: the machine is off.
    Off,
    /// It was started, and has not been let go yet.
    Starting,
    /// It runs.
    Running,
    /// It answers, and the machine's processors stand still: somebody has stopped them (`stop`), or an
    /// error has.
    Paused,
    /// Its process stands still: somebody has stopped it (SIGSTOP).
    Stopped,
    /// It runs, and its monitor does not answer.
    Silent,
    /// The machine has gone off, and it is about to end.
    Ending,
}

impl QemuState {
    /// It in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped by a signal",
            Self::Silent => "does not answer",
            Self::Ending => "ending",
        }
    }
}

/// How a QEMU ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QemuEnd {
    /// When, in UTC.
    pub time: String,
    /// Which process it was; null if there was not even one.
    pub pid: Option<i32>,
    /// What kind of an end that was.
    pub kind: QemuEndKind,
    /// What the system says of it: a status, a signal, an error; null if nothing is known.
    pub says: Option<String>,
    /// The last lines that it has printed.
    pub printed: String,
}

/// What kind of an end a QEMU had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QemuEndKind {
    /// The BMC ended it: the machine was switched off, or reset in a way that takes another QEMU.
    Ordered,
    /// The operating system has switched the machine off.
    ShutDown,
    /// Somebody at the host has ended it.
    Closed,
    /// It has failed.
    Failed,
    /// It never came to run.
    NotStarted,
}

impl QemuEndKind {
    /// It in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ordered => "ended by the BMC",
            Self::ShutDown => "switched off by the operating system",
            Self::Closed => "closed by somebody at the host",
            Self::Failed => "failed",
            Self::NotStarted => "did not start",
        }
    }
}
