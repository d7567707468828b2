//! `mc getenables` and `mc setenables`: what the controller does for the system interface.

use ipmi_wire::cmd::app::{GetBmcGlobalEnables, GlobalEnables, SetBmcGlobalEnables};

use super::{help, told};
use crate::ipmitool::tool::{Ended, Failed, Tool};

struct Enable {
    name: &'static str,
    about: &'static str,
    get: fn(&GlobalEnables) -> bool,
    set: fn(&mut GlobalEnables, bool),
}

fn with_oem(enables: &mut GlobalEnables, bit: u8, on: bool) {
    enables.oem = (enables.oem & !bit) | if on { bit } else { 0 };
}

const ENABLES: [Enable; 7] = [
    Enable {
        name: "recv_msg_intr",
        about: "Receive Message Queue Interrupt",
        get: |enables| enables.receive_interrupt,
        set: |enables, on| enables.receive_interrupt = on,
    },
    Enable {
        name: "event_msg_intr",
        about: "Event Message Buffer Full Interrupt",
        get: |enables| enables.event_interrupt,
        set: |enables, on| enables.event_interrupt = on,
    },
    Enable {
        name: "event_msg",
        about: "Event Message Buffer",
        get: |enables| enables.event_buffer,
        set: |enables, on| enables.event_buffer = on,
    },
    Enable {
        name: "system_event_log",
        about: "System Event Logging",
        get: |enables| enables.logging,
        set: |enables, on| enables.logging = on,
    },
    Enable {
        name: "oem0",
        about: "OEM 0",
        get: |enables| enables.oem & 1 != 0,
        set: |enables, on| with_oem(enables, 1, on),
    },
    Enable {
        name: "oem1",
        about: "OEM 1",
        get: |enables| enables.oem & 2 != 0,
        set: |enables, on| with_oem(enables, 2, on),
    },
    Enable {
        name: "oem2",
        about: "OEM 2",
        get: |enables| enables.oem & 4 != 0,
        set: |enables, on| with_oem(enables, 4, on),
    },
];

async fn read(tool: &Tool) -> Result<GlobalEnables, Failed> {
    let answer = tool.send(&GetBmcGlobalEnables).await;
    answer.map_err(|refusal| told(tool, "Get Global Enables command failed", refusal))
}

pub(super) async fn get(tool: &Tool) -> Ended {
    let enables = read(tool).await?;
    for Enable { about, get, .. } in &ENABLES {
        let state = if get(&enables) { "enabled" } else { "disabled" };
        tool.print(&format!("{about:<40} : {state}\n"));
    }
    Ok(())
}

pub(super) async fn set(tool: &Tool, words: &[String]) -> Ended {
    match words.first().map(String::as_str) {
        None => {
            help(tool);
            return Err(Failed);
        }
        Some("help") => {
            help(tool);
            return Ok(());
        }
        Some(_) => {}
    }
    let before = read(tool).await?;
    let mut after = before;
    for (place, word) in words.iter().enumerate() {
        // The original's help says `name=on`, and its code looks for `on` in the word that follows. A
        // word that is no name is nothing to it.
        let Some(Enable { about, set, .. }) = ENABLES.iter().find(|enable| enable.name == word)
        else {
            continue;
        };
        match words.get(place.saturating_add(1)).map(String::as_str) {
            Some("off") => {
                tool.print(&format!("Disabling {about}\n"));
                set(&mut after, false);
            }
            Some("on") => {
                tool.print(&format!("Enabling {about}\n"));
                set(&mut after, true);
            }
            _ => tool.error(&format!("Unrecognized option: {word}")),
        }
    }
    if after == before {
        tool.print("\nNothing to change...\n");
    } else {
        let set = tool.send(&SetBmcGlobalEnables { enables: after }).await;
        set.map_err(|refusal| told(tool, "Set Global Enables command failed", refusal))?;
        tool.print("\nVerifying...\n");
    }
    // Whether they can be read once more is no matter.
    let _ = get(tool).await;
    Ok(())
}
