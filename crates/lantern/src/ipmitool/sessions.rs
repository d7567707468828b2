//! `session`: who is connected.

use ipmi_wire::cmd::app::{GetSessionInfo, SessionSelector};

use super::access::{self, at, ipv4, mac, named};
use super::number::number;
use super::text;
use super::tool::{Ended, Failed, Refusal, Tool};

pub(super) async fn run(tool: &Tool, words: &[String]) -> Ended {
    let Some((word, rest)) = words.split_first() else {
        help(tool);
        return Ok(());
    };
    if word == "help" {
        help(tool);
        return Ok(());
    }
    if word != "info" {
        tool.error(&format!("Invalid SESSION command: {word}"));
        help(tool);
        return Err(Failed);
    }
    let Some((which, rest)) = rest.split_first() else {
        help(tool);
        return Ok(());
    };
    match which.as_str() {
        "help" => {
            help(tool);
            Ok(())
        }
        "active" => one(tool, SessionSelector::Current).await,
        "all" => all(tool).await,
        "id" | "handle" => {
            let Some(word) = rest.first() else {
                tool.error(&format!("Missing {which} argument"));
                help(tool);
                return Err(Failed);
            };
            let Some(number) = number::<u32>(word) else {
                tool.error(&format!("HEX number expected, but '{word}' given."));
                help(tool);
                return Err(Failed);
            };
            let [handle, ..] = number.to_le_bytes();
            let is_id = which == "id";
            let selector =
                if is_id { SessionSelector::Id(number) } else { SessionSelector::Handle(handle) };
            one(tool, selector).await
        }
        other => {
            tool.error(&format!("Invalid SESSION info parameter: {other}"));
            help(tool);
            Err(Failed)
        }
    }
}

async fn one(tool: &Tool, selector: SessionSelector) -> Ended {
    match access::bytes(tool, &GetSessionInfo { selector }).await {
        Ok(answer) => {
            print(tool, &answer);
            Ok(())
        }
        Err(refusal) => {
            refused(tool, refusal);
            if selector == SessionSelector::Current {
                tool.error("It is likely that the channel in use does not support sessions");
            }
            Err(Failed)
        }
    }
}

fn refused(tool: &Tool, refusal: Refusal) {
    match refusal {
        Refusal::Code(code) => {
            tool.error(&format!("Get Session Info command failed: {}", text::completion(code)));
        }
        _ => tool.error("Get Session Info command failed"),
    }
}

async fn all(tool: &Tool) -> Ended {
    // There are 63 slots at most: six bits.
    for index in 1..=63 {
        let selector = SessionSelector::Index(index);
        let answer = match access::bytes(tool, &GetSessionInfo { selector }).await {
            Ok(answer) => answer,
            // Some say so of a slot that is free. Nothing comes with that, and so it is the end.
            Err(Refusal::Code(code)) if matches!(code.0, 0xcb | 0xcc) => return Err(Failed),
            Err(refusal) => {
                refused(tool, refusal);
                return Err(Failed);
            }
        };
        if answer.len() < 3 {
            return Err(Failed);
        }
        print(tool, &answer);
        if index >= at(&answer, 1) & 0x3f {
            break;
        }
    }
    Ok(())
}

/// The length of the answer says what is in it.
const LAN: usize = 18;
const SERIAL: usize = 12;
const PPP: usize = 14;

fn print(tool: &Tool, answer: &[u8]) {
    let answer = answer.get(..LAN).unwrap_or(answer);
    let byte = |place| at(answer, place);
    let mut fields = vec![
        ("session handle", byte(0).to_string()),
        ("slot count", (byte(1) & 0x3f).to_string()),
        ("active sessions", (byte(2) & 0x3f).to_string()),
    ];
    if answer.len() != 3 {
        let protocol = if byte(5) >> 4 != 0 { "IPMIv2/RMCP+" } else { "IPMIv1.5" };
        fields.extend([
            ("user id", (byte(3) & 0x3f).to_string()),
            ("privilege level", access::level(byte(4) & 0x0f)),
            ("session type", protocol.to_owned()),
            ("channel number", format!("0x{:02x}", byte(5) & 0x0f)),
        ]);
    }
    let port =
        |place: usize| u16::from_le_bytes([byte(place), byte(place.saturating_add(1))]).to_string();
    let from = |place: usize| answer.get(place..).unwrap_or_default();
    match answer.len() {
        LAN => fields.extend([
            ("console ip", ipv4(from(6))),
            ("console mac", mac(from(10))),
            ("console port", port(16)),
        ]),
        SERIAL | PPP => {
            let activity = [
                ("IPMI Messaging session active", 0),
                ("Callback Messaging session active", 1),
                ("Dial-out Alert active", 2),
                ("TAP Page Active", 3),
            ];
            fields.extend([
                ("Session/Channel Activity Type", named(&activity, byte(6))),
                ("Destination selector", (byte(7) & 0x0f).to_string()),
                ("console ip", ipv4(from(8))),
            ]);
            if answer.len() == PPP {
                // The original looks for it where it is with LAN, and there is nothing.
                fields.push(("console port", port(16)));
            }
        }
        _ => {}
    }
    tool.print(&match tool.csv.get() {
        true => {
            let values: Vec<_> = fields.into_iter().map(|(_, value)| value).collect();
            format!("{}\n", values.join(","))
        }
        false => {
            let lines = fields.into_iter().map(|(name, value)| format!("{name:<30}: {value}\n"));
            format!("{}\n", lines.collect::<String>())
        }
    });
}

fn help(tool: &Tool) {
    tool.notice("Session Commands: info active | all | id 0xNNNNNNNN | handle 0xNN");
}
