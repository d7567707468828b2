//! What is told of QEMU to whoever looks after the BMC.
//!
//! The task notes what it knows each time that it is about to wait. What it cannot know, since nobody
//! tells it, is that the process was stopped: that the system is asked when somebody looks.

use ipmi_bmc::platform::PowerCause;

use super::run::Run;
use crate::control::reply::{QemuEnd, QemuEndKind, QemuInfo, QemuState};

/// What is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    /// The QEMU that there is.
    pub(super) seen: Option<Seen>,
    /// How the last one ended.
    pub(super) last_end: Option<QemuEnd>,
}

/// A QEMU that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) pid: i32,
    pub(super) adopted: bool,
    pub(super) state: QemuState,
}

impl Status {
    /// It, as it is told.
    pub(super) fn info(self) -> QemuInfo {
        let state = self.seen.map_or(QemuState::Off, |seen| match seen.state {
            _ if is_stopped(seen.pid) => QemuState::Stopped,
            state => state,
        });
        QemuInfo {
            state,
            pid: self.seen.map(|seen| seen.pid),
            adopted: self.seen.is_some_and(|seen| seen.adopted),
            last_end: self.last_end,
        }
    }
}

impl Seen {
    /// A QEMU as its task has it.
    pub(super) fn of(run: &Run) -> Self {
        let state = match run {
            Run { ending: Some(_), .. } => QemuState::Ending,
            Run { is_going: false, .. } => QemuState::Starting,
            Run { is_reached: false, .. } | Run { is_silent: true, .. } => QemuState::Silent,
            Run { is_paused: true, .. } => QemuState::Paused,
            _ => QemuState::Running,
        };
        Self { pid: run.process.number(), adopted: run.process.is_adopted(), state }
    }
}

/// An end, now.
pub(super) fn end(
    pid: Option<i32>,
    kind: QemuEndKind,
    says: Option<String>,
    printed: String,
) -> QemuEnd {
    let now = jiff::Timestamp::now();
    QemuEnd { time: format!("{now:.3}"), pid, kind, says, printed }
}

/// What kind of an end it is that has this cause.
pub(super) const fn kind_of(cause: PowerCause) -> QemuEndKind {
    match cause {
        PowerCause::OperatingSystem => QemuEndKind::ShutDown,
        PowerCause::Button => QemuEndKind::Closed,
        PowerCause::Fault | PowerCause::Mains => QemuEndKind::Failed,
    }
}

/// Whether the system has stopped a process.
fn is_stopped(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| says_stopped(&stat))
}

/// The state is behind the name, in which anything may be (proc(5)); traced counts as stopped.
fn says_stopped(stat: &str) -> bool {
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_stands_still_is_told_by_the_system() {
        assert!(says_stopped("17 (qemu-system-x86) T 1 17 17 0"));
        assert!(says_stopped("17 (a) R (b)) t 1 17"));
        for other in ["17 (qemu T) S 1 17", "17 (x) R", "", "T", "17 (x)"] {
            assert!(!says_stopped(other), "{other}");
        }
        assert!(!is_stopped(i32::try_from(std::process::id()).unwrap()));
    }

    #[test]
    fn nothing_known_is_off() {
        let info = Status::default().info();
        assert_eq!((info.state, info.pid, info.last_end), (QemuState::Off, None, None));
    }
}
