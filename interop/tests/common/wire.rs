//! Wireshark's opinion of what two ends say to each other.

use std::net::SocketAddr;

use lantern_testkit::peers::Peer;
use lantern_testkit::tap::Tap;
use lantern_testkit::tshark;

/// Lets `talk` talk to `target` through a tap, and Wireshark judge what was said. If it is `plain`,
/// Wireshark has to have read messages, too.
pub fn judged<T>(
    pairing: &str,
    target: SocketAddr,
    plain: bool,
    talk: impl FnOnce(SocketAddr) -> T,
) -> T {
    let tap = Tap::start(target);
    let outcome = talk(tap.addr());
    judge(pairing, &tap, 10, if plain { 6 } else { 0 });
    outcome
}

/// Lets Wireshark judge what went through `tap`: at least so many packets, and at least so many
/// messages that it could read.
pub fn judge(pairing: &str, tap: &Tap, packets: usize, messages: usize) {
    if Peer::find("tshark").is_none() {
        return;
    }
    let file = std::env::temp_dir().join(format!(
        "lantern-{}-{}.pcap",
        std::process::id(),
        pairing.replace(' ', "-")
    ));
    tap.save(&file).unwrap();
    let mut judgement = tshark::judge(&file).unwrap();
    // Wireshark says this of commands it has no parser for, such as Get Device GUID.
    judgement.complaints.retain(|line| !line.contains("PARSER NOT IMPLEMENTED"));
    assert_eq!(judgement.complaints, Vec::<String>::new(), "{pairing}: {}", file.display());
    assert!(judgement.packets >= packets, "{pairing}: only {} packets", judgement.packets);
    let read = judgement.messages;
    assert!(read >= messages, "{pairing}: only {read} messages could be read");
    std::fs::remove_file(file).unwrap();
}
