//! Software on the host that consoles speak to, under a real Linux: the kernel takes their requests out
//! of our BMC's receive message queue and hands them to whoever has registered for them, and so it does
//! with events and with the watchdog's warning.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::future::poll_fn;
use std::path::Path;
use std::time::{Duration, Instant};

use common::Bmc;
use ipmi_io::{IpmiAddress, IpmiDevice, IpmiKind, IpmiMessage};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::{Channel, CompletionCode, NetFn, Request};
use lantern_testkit::guest::{Guest, Image, Kit, MODULES};

/// Says that this is not the test, but the software in the guest.
const INSIDE: &str = "LANTERN_INSIDE";

const APP: u8 = 0x06;
const OEM: u8 = 0x30;
const COMMAND: u8 = 0x42;

/// What runs in the guest: answers command 42h of network function 30h with what it was asked, turned
/// round, and tells of events.
async fn software() {
    let device = IpmiDevice::open(Path::new("/dev/ipmi0")).unwrap();
    device.register_for_command(OEM, COMMAND, true).unwrap();
    device.set_gets_events(true).unwrap();
    // Enable Message Channel Receive: the LAN channel, on.
    let bmc = IpmiAddress::SystemInterface { lun: 0 };
    let enable = IpmiMessage { netfn: APP, cmd: 0x32, data: &[1, 1] };
    device.send(&bmc, 1, enable, None).unwrap();
    loop {
        let received = poll_fn(|context| device.poll_receive(context)).await.unwrap();
        match received.kind {
            IpmiKind::Response => println!("answer {:02x?}", received.data),
            IpmiKind::Event => println!("event {:02x?}", received.data),
            IpmiKind::ResponseSent => println!("sent {:02x?}", received.data),
            IpmiKind::Command => {
                println!("asked {:02x?} by {:?}", received.data, received.address);
                let mut data = received.data;
                data.push(0);
                data.reverse();
                let answer = IpmiMessage { netfn: OEM | 1, cmd: COMMAND, data: &data };
                device.send(&received.address, received.id, answer, None).unwrap();
            }
            other => println!("{other:?}"),
        }
    }
}

#[test]
fn consoles_speak_to_software_through_linux() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(software());
    }
    let Some(kit) = Kit::find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("host");
    let bmc = Bmc::of_host(&socket, |_| {});
    let (Some(ipmitool), Some(freeipmi)) = (bmc.ipmitool(17), bmc.freeipmi(17)) else { return };
    let image = Image::new(&kit).program("/usr/bin/software", &std::env::current_exe().unwrap());
    let mut guest = Guest::start_at(&kit, &image, &socket, "isa-ipmi-kcs,irq=5");
    guest.load(&MODULES);

    // Nobody listens yet.
    let ask = |data: &str| ipmitool.run(&format!("-l 2 raw 0x30 0x42 {data}"));
    let refused = ask("1 2 3");
    assert!(refused.stderr.contains("rsp=0xd3"), "{refused}");

    let run = format!(
        "{INSIDE}=1 software consoles_speak_to_software_through_linux --exact --nocapture \
         >/tmp/said 2>&1 & sleep 1; true"
    );
    let _ = guest.agent.run(&run).expect_success();
    let mut heard = |words: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let said = guest.agent.run("cat /tmp/said").stdout;
            if said.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "not {words:?}: {said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    heard("answer [00, 01, 01]");

    assert_eq!(ask("1 2 3").expect_success().trim(), "03 02 01");
    heard("asked [01, 02, 03] by Lan { channel: 1, privilege: 4");
    heard("sent [00]");
    let bridged = ipmitool.run("-b 15 -t 0x41 raw 0x30 0x42 4 5");
    assert_eq!(bridged.expect_success().trim(), "05 04");
    heard("asked [04, 05] by Lan");
    let raw = freeipmi.run("ipmi-raw", "2 0x30 0x42 6 7");
    assert!(raw.expect_success().contains("42 00 07 06"), "{raw}");
    heard("asked [06, 07] by Lan");

    // Our own, both ways.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_endpoint, client) = common::client_at(bmc.addr);
        let request =
            |lun, data| Request { netfn: NetFn::from_number(OEM), lun, cmd: COMMAND, data };
        let answer = client.send_raw(request(2, vec![8, 9])).await.unwrap();
        assert_eq!((answer.completion, answer.data), (CompletionCode::OK, vec![9, 8]));
        let software = Hop { channel: Channel::SYSTEM_INTERFACE, address: 0x41 };
        let answer =
            client.behind(Route::to(software)).send_raw(request(0, vec![1, 2])).await.unwrap();
        assert_eq!((answer.completion, answer.data), (CompletionCode::OK, vec![2, 1]));
        client.close().await;
    });

    // An event: the kernel has turned the buffer on, and fetches it when the BMC asks for attention.
    let _ = ipmitool.run("event 1").expect_success();
    heard("event [");

    // The watchdog's warning reaches whoever reads from the kernel's watchdog, five seconds after it was
    // wound up.
    let watchdog = "modprobe ipmi_watchdog timeout=20 pretimeout=15 preaction=pre_int \
                    preop=preop_give_data nowayout=0";
    let _ = guest.agent.run(watchdog).expect_success();
    let warned =
        "exec 3<>/dev/watchdog; printf x >&3; timeout 60 head -c 1 <&3 | wc -c; printf V >&3";
    assert_eq!(guest.agent.run(warned).expect_success().trim(), "1");
    let timer = ipmitool.run("mc watchdog get");
    assert!(timer.expect_success().contains("Stopped"), "{timer}");
}
