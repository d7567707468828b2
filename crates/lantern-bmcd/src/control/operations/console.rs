//! The system's serial port: looked at, read, typed at.

use std::time::Instant;

use ipmi_bmc::Bmc;

use super::value;
use crate::control::protocol::{Code, ConsoleTail, ConsoleType, Refusal};
use crate::control::reply::{ConsoleInfo, ConsoleInstance, ConsoleText, ConsoleTyped};
use crate::control::router::Outcome;

pub(super) fn get(now: Instant, bmc: &mut Bmc) -> Outcome {
    let view = bmc.serial_view(now).ok_or_else(none)?;
    let sessions: Vec<_> = bmc.session_views().collect();
    let active = view.active.iter().filter_map(|(instance, id)| {
        let session = sessions.iter().find(|session| session.id == *id)?;
        Some(ConsoleInstance {
            instance: *instance,
            session: *id,
            user: session.user.to_string(),
            console: session.peer.to_string(),
        })
    });
    value(&ConsoleInfo {
        source: view.source,
        available: view.available,
        sol_enabled: view.enabled,
        active: active.collect(),
        possible_instances: view.instances,
        heard: view.heard,
        typed: view.typed,
        breaks: view.breaks,
        history: view.history.0,
        history_capacity: view.history.1,
        lost: view.lost,
    })
}

pub(super) fn tail(now: Instant, bmc: &mut Bmc, args: ConsoleTail) -> Outcome {
    /// About a screen.
    const DEFAULT: usize = 2000;
    let characters = bmc.serial_tail(now, args.characters.unwrap_or(DEFAULT)).ok_or_else(none)?;
    let text = String::from_utf8_lossy(&characters).into_owned();
    value(&ConsoleText { text, characters: characters.len() })
}

pub(super) fn write(now: Instant, bmc: &mut Bmc, args: &ConsoleType) -> Outcome {
    let typed = bmc.serial_type(now, args.text.as_bytes()).ok_or_else(none)?;
    value(&ConsoleTyped { typed })
}

fn none() -> Refusal {
    Refusal::new(Code::NoConsole, "the BMC has no serial port: see [serial] in its configuration")
}
