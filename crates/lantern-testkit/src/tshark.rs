//! Wireshark's dissector as the judge of what was recorded.
//!
//! What it can judge: RMCP and ASF, the session header and trailer of both versions, and every IPMI
//! message that is not encrypted, checksums included. Of Open Session and RAKP it sees only that
//! the lengths fit, and an encrypted payload is opaque to it: to have the messages of a session
//! judged, let it use cipher suite 1 or 2.

use std::path::Path;
use std::time::Duration;

use crate::peers::Peer;
use crate::process;

/// The packets of a capture in which tshark found something malformed, a wrong checksum, or
/// anything else from a warning upwards; one line each, none is good. None too, with a notice, if
/// tshark is not installed: see [`Peer::find`].
///
/// # Panics
/// As [`judge`].
#[must_use]
pub fn malformed(pcap: &Path) -> Vec<String> {
    judge(pcap).map(|judgement| judgement.complaints).unwrap_or_default()
}

/// What tshark made of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How many RMCP packets it saw.
    pub packets: usize,
    /// In how many of them it could read an IPMI message.
    pub messages: usize,
    /// What it found wrong, one line per packet.
    pub complaints: Vec<String>,
}

/// Lets tshark judge a capture; `None` with a notice if it is not installed.
///
/// # Panics
/// If tshark cannot read the capture, or saw not one RMCP packet in it: then it judged nothing.
#[must_use]
pub fn judge(pcap: &Path) -> Option<Judgement> {
    let peer = Peer::find("tshark")?;
    // A home of its own: nobody's preferences, no profile, no plugins.
    let home = tempfile::tempdir().expect("a temporary home for tshark");
    let mut command = peer.command();
    command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
    command.args(["-n", "-V", "-o", "ipmi.dissect_bus_commands:TRUE", "-r"]).arg(pcap);
    let output = process::run(&mut command, Duration::from_secs(120));
    let judgement = Judgement::of(output.expect_success());
    assert!(judgement.packets > 0, "tshark saw no RMCP packet in {}:\n{output}", pcap.display());
    Some(judgement)
}

impl Judgement {
    /// Reads the full text of a dissection: a paragraph for each packet.
    fn of(text: &str) -> Self {
        let mut judgement = Self { packets: 0, messages: 0, complaints: Vec::new() };
        let mut frame = "";
        let mut protocols = "";
        let mut wrong: Vec<&str> = Vec::new();
        // One more line, so that the last packet is followed by something.
        for line in text.lines().chain(["Frame "]) {
            if line.starts_with("Frame ") {
                if !wrong.is_empty() {
                    let wrong = wrong.join("; ");
                    judgement.complaints.push(format!("{frame} ({protocols}): {wrong}"));
                }
                wrong.clear();
                protocols = "";
                frame = line.split(':').next().unwrap_or_default();
                continue;
            }
            let line = line.trim();
            if let Some(list) = line.strip_prefix("[Protocols in frame: ") {
                protocols = list.trim_end_matches(']');
                let has = |name| protocols.split(':').any(|protocol| protocol == name);
                judgement.packets += usize::from(has("rmcp"));
                judgement.messages += usize::from(has("ipmi"));
            }
            if BAD.iter().any(|mark| line.contains(mark)) {
                wrong.push(line);
            }
        }
        judgement
    }
}

/// What marks a line of the dissection as a complaint. Wireshark's comments, chats and notes are
/// about habits, not about mistakes.
const BAD: [&str; 5] = [
    "[Malformed Packet",
    "[Dissector bug",
    "[Expert Info (Error",
    "[Expert Info (Warning",
    "(incorrect, expected",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_dissection() {
        let text = "Frame 1: 51 bytes on wire (408 bits)\n    \
            [Protocols in frame: raw:ip:udp:rmcp:ipmi_session:ipmi]\n    \
            Data checksum: 0xb1 (correct)\n\nFrame 2: 48 bytes on wire\n    \
            [Protocols in frame: raw:ip:udp:rmcp:ipmi_session]\n\
            [Malformed Packet: IPMI Session]\n    \
            [Expert Info (Error/Malformed): Malformed Packet (Exception occurred)]\n";
        let judgement = Judgement::of(text);
        assert_eq!((judgement.packets, judgement.messages), (2, 1));
        assert_eq!(
            judgement.complaints,
            ["Frame 2 (raw:ip:udp:rmcp:ipmi_session): [Malformed Packet: IPMI Session]; \
              [Expert Info (Error/Malformed): Malformed Packet (Exception occurred)]"]
        );
    }
}
