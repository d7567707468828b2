//! A BMC as it runs on a board: a chip on an I2C bus, the kernel's driver for it, and consoles on
//! the network. The chip is the kernel's own stand-in for one, all else is what a board has.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use lantern_testkit::guest::{Agent, Guest, Image, Kit};
use lantern_testkit::peers::Ipmitool;

const CONFIG: &str = r#"
[bmc]
name = "board"

[lan]
listen = ["10.0.2.15:623"]

[[user]]
id = 2
name = "admin"
password = "Complex_Pass"
privilege = "administrator"

[[sensor]]
name = "BoardTemp"
type = "temperature"
range = [-40, 125]
thresholds = { upper_non_critical = 70, upper_critical = 80 }
hysteresis = 2
interval = 0.5
hwmon = { chip = "lm75", channel = "temp1" }
"#;

/// The chip at address 48h of an I2C bus, and the kernel's driver for it.
const BOARD: &str = "
    set -e
    modprobe i2c-dev
    modprobe i2c-stub chip_addr=0x48
    modprobe lm75
    bus=$(grep -l 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name | sed 's/.*i2c-\\([0-9]*\\).*/\\1/')
    echo $bus >/run/bus
    echo lm75 0x48 >/sys/bus/i2c/devices/i2c-$bus/new_device
    modprobe e1000
    ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
";

/// Runs the BMC, and waits until it listens or has ended.
const RUN: &str = "
    lantern bmc run /etc/bmc.toml >/tmp/bmc.out 2>/tmp/bmc.err &
    while kill -0 $! 2>/dev/null && ! [ -s /tmp/bmc.out ]; do sleep 0.2; done
    cat /tmp/bmc.out
    cat /tmp/bmc.err >&2
";

/// What the chip measures from now on, in degrees.
fn heat(agent: &mut Agent, celsius: u8) {
    // The register is sent with its high byte first, a word of SMBus with its low one.
    let script = format!("i2cset -f -y $(cat /run/bus) 0x48 0 {celsius:#06x} w");
    let _ = agent.run(&script).expect_success();
}

fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn a_chip_on_an_i2c_bus_is_read_over_the_network() {
    let port = free_port();
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let console = Ipmitool::new(address, "admin", "Complex_Pass");
    let (Some(kit), Some(console)) = (Kit::find(), console) else { return };
    let image = Image::new(&kit)
        .program("/usr/bin/lantern", Path::new(env!("CARGO_BIN_EXE_lantern")))
        .file("/etc/bmc.toml", 0o600, CONFIG);
    let network = format!("user,id=net,hostfwd=udp:127.0.0.1:{port}-10.0.2.15:623");
    let extra = ["-netdev", &network, "-device", "e1000,netdev=net"];
    let mut guest = Guest::start(&kit, &image, &extra);
    let _ = guest.agent.run(BOARD).expect_success();
    heat(&mut guest.agent, 25);
    let begun = guest.agent.run(RUN);
    assert!(begun.stdout.contains("10.0.2.15:623"), "{begun}\n{}", guest.console());

    let wait_for = |command: &str, words: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let out = console.run(command);
            if out.stdout.contains(words) {
                return;
            }
            assert!(Instant::now() < deadline, "not {words:?}: {out}");
        }
    };
    wait_for("sensor reading BoardTemp", "| 25");
    heat(&mut guest.agent, 85);
    wait_for("sensor reading BoardTemp", "| 84.8");
    wait_for("sel elist", "Temperature BoardTemp | Upper Critical going high | Asserted");
    // A bus that fails is nothing to rely on: there is no reading then, and no old one.
    let _ = guest.agent.run("echo 0x48 >/sys/bus/i2c/devices/i2c-$(cat /run/bus)/delete_device");
    wait_for("sdr get BoardTemp", "Sensor Reading        : No Reading");
}
