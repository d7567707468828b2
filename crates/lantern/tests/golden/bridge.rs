//! Controllers behind a BMC: what goes out for them.

use std::process::Command;

use crate::between::{Between, message};
use crate::support::{Bmc, PASSWORD, example, finish, lantern};

/// Send Message as each program sends it: the channel, and of the message inside for whom, what and from whom it is.
fn sent(between: &Between, mut command: Command, options: &str) -> Vec<[u8; 5]> {
    let (host, port) = (between.address.ip().to_string(), between.address.port().to_string());
    command.args(["-H", &host, "-p", &port, "-U", "admin", "-P", PASSWORD, "-N", "1", "-R", "1"]);
    finish(command.args(options.split(' ')).args(["raw", "6", "1"]));
    let mut all = Vec::new();
    for datagram in between.seen() {
        // RMCP+, or IPMI 1.5 with an authentication code.
        let range = message(&datagram).or_else(|| {
            let head = if datagram.get(5) == Some(&0) { 14 } else { 30 };
            (datagram.get(4).is_some_and(|kind| *kind < 6)).then_some(head..datagram.len())
        });
        let Some(range) = range else { continue };
        if let Some([0x20, 0x18, 0xc8, _, _, 0x34, channel, to, netfn, _, from, _, cmd, ..]) =
            datagram.get(range)
        {
            all.push([*channel, *to, *netfn, *from, *cmd]);
        }
    }
    all
}

#[test]
fn messages_for_others_go_out_alike() {
    if lantern_testkit::peers::Ipmitool::new(([127, 0, 0, 1], 1).into(), "", "").is_none() {
        return;
    }
    let config = example().replace(
        "suites = [17, 3]",
        "suites = [17, 3, 2]\nipmi15 = [\"md5\"]\nallow_insecure_suites = true",
    );
    let bmc = Bmc::with(&config, &[]);
    let between = Between::new(bmc.address, |_, datagram| Some(datagram));
    for (interface, options) in [
        ("-I lanplus -C 2", "-t 0x82"),
        ("-I lanplus -C 2", "-t 0x82 -b 7"),
        // The requester itself is no transit.
        ("-I lanplus -C 2", "-T 0x20 -t 0x82"),
        ("-I lanplus -C 2", "-T 0x20 -B 7 -t 0x82 -b 3"),
        ("-I lan", "-t 0x82"),
        ("-I lan", "-T 0x20 -B 7 -t 0x82 -b 3"),
    ] {
        let options = format!("{interface} {options}");
        let theirs = sent(&between, Command::new("ipmitool"), &options);
        let mut ours = lantern();
        ours.arg("ipmitool");
        let ours = sent(&between, ours, &options);
        assert!(!theirs.is_empty() && !ours.is_empty(), "{options}");
        assert_eq!(ours[0], theirs[0], "{options}");
    }
    // With `-m` the original first asks 20h itself through an envelope, and gives up here. A capture of 1.8.19 with
    // a BMC that answers has this: the console is the sender.
    let mut ours = lantern();
    ours.arg("ipmitool");
    let ours = sent(&between, ours, "-I lanplus -C 2 -m 0x30 -t 0x82");
    assert_eq!(ours[0], [0x40, 0x82, 0x18, 0x81, 0x01]);
}
