//! The log, followed in the machine itself.

use crate::support::machine;

#[test]
fn events_are_followed_by_the_device() {
    let Some(mut machine) = machine("isa-ipmi-kcs,irq=5") else { return };
    let agent = &mut machine.guest.agent;
    let follow = "lantern -o jsonl sel list --follow > /tmp/seen 2>/tmp/errors & echo $! > /tmp/pid; sleep 2";
    let _ = agent.run(follow).expect_success();
    let add = "ipmitool raw 0x0a 0x44 0 0 2 0 0 0 0 0x20 0 4 1 0x30 1 0x59 0x5b 0x5f";
    let _ = agent.run(add).expect_success();
    let seen = agent.run("sleep 5; kill -INT $(cat /tmp/pid); sleep 1; cat /tmp/seen /tmp/errors");
    assert!(seen.stdout.contains("\"/dev/ipmi0\""), "{seen}");
}
