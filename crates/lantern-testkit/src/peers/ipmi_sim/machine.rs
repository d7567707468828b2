//! What the simulator simulates, and how it is told: a configuration file for its LAN side, a
//! command file for the controller behind it, a script for the machine's power.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::sensor::{Form, PLAIN, Sensor, States};

/// A machine with one BMC at address 20h.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Who made it, and what it is: what Get Device ID says. Peers know makers by it.
    pub made_by: (u32, u16),
    /// The users, from user ID 2 on.
    pub accounts: Vec<Account>,
    /// Authentication types of IPMI 1.5, each of `none`, `md2`, `md5`, `straight`.
    pub ipmi15: Vec<&'static str>,
    /// Analog sensors, each with a full record in the SDR repository.
    pub sensors: Vec<Sensor>,
    /// Discrete sensors, each with a compact record.
    pub states: Vec<States>,
    /// Records without readings, from the header on.
    pub records: Vec<Vec<u8>>,
    /// Event records: type, and the 13 bytes after it. The simulator writes its own time over the
    /// first four of those below E0h.
    pub events: Vec<(u8, [u8; 13])>,
    /// Inventory: the contents of FRU devices 0, 1 and so on.
    pub frus: Vec<Vec<u8>>,
    /// Controllers behind the BMC, on the primary IPMB.
    pub satellites: Vec<Satellite>,
    /// Whether it has a serial port, from which nothing comes: Serial over LAN is off otherwise.
    pub serial: bool,
    /// The terminal that its serial port is wired to instead. What came from there is kept, too:
    /// instance 2 shows it.
    pub console: Option<PathBuf>,
}

/// A controller behind the BMC, with records of its own device; those of its sensors are in the BMC's
/// repository, too, as initialization agents put them there.
#[derive(Clone, Debug)]
pub struct Satellite {
    /// Slave address.
    pub address: u8,
    /// Device ID.
    pub device_id: u8,
    /// Analog sensors.
    pub sensors: Vec<Sensor>,
    /// Inventory: the contents of FRU devices 0, 1 and so on.
    pub frus: Vec<Vec<u8>>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
    /// `user`, `operator` or `admin`.
    pub privilege: String,
}

impl Default for Machine {
    /// Two users, eight sensors and three events.
    fn default() -> Self {
        let account = |name: &str, password: &str, privilege: &str| Account {
            name: name.to_owned(),
            password: password.to_owned(),
            privilege: privilege.to_owned(),
        };
        Self {
            made_by: (0x1291, 0xf02),
            accounts: vec![
                account("admin", "Complex_Pass", "admin"),
                account("oper", "Oper_Pass_3", "operator"),
            ],
            ipmi15: vec!["md2", "md5"],
            sensors: sensors(),
            states: Vec::new(),
            records: Vec::new(),
            events: [
                // Temperature 01h: upper non-critical going high, reading 57h over threshold 50h.
                [0, 0, 0, 0, 0x20, 0x00, 0x04, 0x01, 0x01, 0x01, 0x57, 0x57, 0x50],
                // Physical security (chassis intrusion): general chassis intrusion.
                [0, 0, 0, 0, 0x20, 0x00, 0x04, 0x05, 0x30, 0x6f, 0x00, 0xff, 0xff],
                // Voltage 05h: lower critical going low.
                [0, 0, 0, 0, 0x20, 0x00, 0x04, 0x02, 0x05, 0x01, 0x52, 0xb0, 0xb4],
            ]
            .map(|event| (0x02, event))
            .to_vec(),
            frus: Vec::new(),
            satellites: Vec::new(),
            serial: false,
            console: None,
        }
    }
}

/// The reference sensors: each kind of unit, a factor, a negative exponent, an offset, a sign.
fn sensors() -> Vec<Sensor> {
    let base = PLAIN;
    let warm = [100, 90, 80, 5, 3, 1];
    let fan = Sensor {
        kind: 0x04,
        unit: 18,
        entity: 29,
        m: 60,
        thresholds: [250, 240, 230, 20, 10, 5],
        ..base.clone()
    };
    let volt = Sensor { kind: 0x02, unit: 4, r_exponent: -2, ..base.clone() };
    let named = |number: u8, name: &str, sensor: &Sensor| Sensor {
        number,
        name: name.to_owned(),
        ..sensor.clone()
    };
    vec![
        named(1, "CPU Temp", &Sensor { entity: 3, raw: 42, thresholds: warm, ..base.clone() }),
        named(2, "Inlet Temp", &Sensor { entity: 55, raw: 25, thresholds: warm, ..base.clone() }),
        named(3, "Fan 1", &Sensor { raw: 80, ..fan.clone() }),
        named(4, "Fan 2", &Sensor { raw: 82, ..fan }),
        // 12.00 V and 3.30 V.
        named(
            5,
            "12V",
            &Sensor { m: 6, raw: 200, thresholds: [225, 220, 210, 190, 180, 170], ..volt.clone() },
        ),
        named(
            6,
            "3.3V",
            &Sensor { m: 2, raw: 165, thresholds: [190, 182, 173, 157, 148, 140], ..volt },
        ),
        // (2 * 60 + 1 * 10) W = 130 W.
        named(
            7,
            "PSU Power",
            &Sensor {
                kind: 0x0b,
                unit: 6,
                entity: 10,
                m: 2,
                b: 1,
                b_exponent: 1,
                raw: 60,
                thresholds: [250, 240, 220, 0, 0, 0],
                ..base.clone()
            },
        ),
        // -5 °C; the thresholds are 60, 50, 40, -20, -30 and -40.
        named(
            8,
            "Ambient",
            &Sensor {
                form: Form::TwosComplement,
                raw: 0xfb,
                thresholds: [60, 50, 40, 0xec, 0xe2, 0xd8],
                ..base
            },
        ),
    ]
}

impl Machine {
    /// The LAN side: `lan.conf`.
    pub(super) fn lan_conf(&self, addr: SocketAddr, power_script: &Path) -> String {
        let mut out = format!(
            "name \"lantern\"\nset_working_mc 0x20\nchassis_control \"{} 0x20\"\nstartlan 1\n  \
             addr {} {}\n  priv_limit admin\n",
            power_script.display(),
            addr.ip(),
            addr.port()
        );
        for level in ["callback", "user", "operator", "admin"] {
            let _ = writeln!(out, "  allowed_auths_{level} {}", self.ipmi15.join(" "));
        }
        out.push_str("  guid a123456789abcdefa123456789abcdef\nendlan\n");
        if let Some(console) = &self.console {
            let _ = writeln!(out, "sol \"{}\" 115200 history=4096", console.display());
        } else if self.serial {
            out.push_str("sol \"/dev/null\" 9600\n");
        }
        out.push_str("user 1 false \"\" \"\" user 10\n");
        for (id, Account { name, password, privilege }) in (2..).zip(&self.accounts) {
            let _ = writeln!(out, "user {id} true \"{name}\" \"{password}\" {privilege} 10");
        }
        out
    }

    /// The controller: the command file. The controller is enabled by the last line, so that a
    /// simulator that answers has swallowed them all.
    pub(super) fn commands(&self) -> String {
        let (manufacturer, product) = self.made_by;
        let mut out = format!(
            "mc_setbmc 0x20\n\
            mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f {manufacturer:#x} {product:#x} persist_sdr\n\
            sel_enable 0x20 1000 0x0a\n"
        );
        for sensor in &self.sensors {
            add_sensor(&mut out, 0x20, sensor);
            let _ = writeln!(out, "main_sdr_add 0x20{}", hex(&sensor.record()));
        }
        for satellite in &self.satellites {
            satellite.add(&mut out);
        }
        for sensor in &self.states {
            let at = format!("0x20 0 {}", sensor.number);
            let States { kind, event_type, asserted, .. } = sensor;
            let _ = writeln!(out, "sensor_add {at} {kind:#04x} {event_type:#04x}");
            for bit in (0..15).filter(|bit| asserted & (1 << bit) != 0) {
                let _ = writeln!(out, "sensor_set_bit {at} {bit} 1 0");
            }
            let none = "0".repeat(15);
            let _ = writeln!(
                out,
                "sensor_set_event_support {at} enable scanning per-state {none} {none} {none} {none}"
            );
            let _ = writeln!(out, "main_sdr_add 0x20{}", hex(&sensor.record()));
        }
        for record in &self.records {
            let _ = writeln!(out, "main_sdr_add 0x20{}", hex(record));
        }
        for (record_type, event) in &self.events {
            let _ = writeln!(out, "sel_add 0x20 {record_type:#04x}{}", hex(event));
        }
        for (device, contents) in self.frus.iter().enumerate() {
            let size = contents.len();
            let _ = writeln!(out, "mc_add_fru_data 0x20 {device} {size} data{}", hex(contents));
        }
        for satellite in &self.satellites {
            let _ = writeln!(out, "mc_enable {:#04x}", satellite.address);
        }
        out.push_str("mc_enable 0x20\n");
        out
    }
}

impl Satellite {
    /// Sensors and inventory.
    fn add(&self, out: &mut String) {
        let Self { address, device_id, .. } = self;
        let _ = writeln!(
            out,
            "mc_add {address:#04x} {device_id:#04x} has-device-sdrs 1 2 3 0x09 0x1291 0xf03"
        );
        for sensor in &self.sensors {
            add_sensor(out, *address, sensor);
            let record = hex(&sensor.record_of(*address));
            let _ = writeln!(out, "device_sdr_add {address:#04x} 0{record}");
            let _ = writeln!(out, "main_sdr_add 0x20{record}");
        }
        for (device, contents) in self.frus.iter().enumerate() {
            let size = contents.len();
            let _ = writeln!(
                out,
                "mc_add_fru_data {address:#04x} {device} {size} data{}",
                hex(contents)
            );
        }
    }
}

fn add_sensor(out: &mut String, controller: u8, sensor: &Sensor) {
    let at = format!("{controller:#04x} 0 {}", sensor.number);
    let none = "0".repeat(15);
    let thresholds = hex(&sensor.thresholds);
    let _ = writeln!(out, "sensor_add {at} {:#04x} 0x01", sensor.kind);
    let _ = writeln!(out, "sensor_set_value {at} {:#04x} 0", sensor.raw);
    let _ = writeln!(out, "sensor_set_threshold {at} settable 111111{thresholds}");
    let _ = writeln!(
        out,
        "sensor_set_event_support {at} enable scanning per-state {none} {none} {none} {none}"
    );
}

/// What the simulator runs to learn and change the machine's power: `SCRIPT 0x20 get power` and
/// `SCRIPT 0x20 set power 1`, also `reset` and `boot`. The state is a file beside the script.
pub(super) const POWER_SCRIPT: &str = r#"#!/bin/sh
state=$(dirname "$0")/power
shift
verb=$1
shift
while [ $# -gt 0 ]; do
    case $verb/$1 in
        get/power) echo "power:$(cat "$state" 2>/dev/null || echo 0)" ;;
        get/boot) echo "boot:default" ;;
        set/power) echo "$2" >"$state"; shift ;;
        set/*) shift ;;
        *) echo "cannot $verb $1"; exit 1 ;;
    esac
    shift
done
"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, " {byte:#04x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values_are_what_their_comments_say() {
        let machine = Machine::default();
        let value = |number: u8| machine.sensors[usize::from(number) - 1].value();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(value(5), 12.0) && close(value(6), 3.3));
        assert!(close(value(7), 130.0) && close(value(8), -5.0));
    }

    #[test]
    fn a_record_is_as_long_as_it_says() {
        for sensor in Machine::default().sensors {
            let record = sensor.record();
            assert_eq!(usize::from(record[4]) + 5, record.len());
            assert_eq!(record.len(), 48 + sensor.name.len());
            assert_eq!(&record[48..], sensor.name.as_bytes());
        }
        for sensor in Machine::rich().states {
            let record = sensor.record();
            assert_eq!(usize::from(record[4]) + 5, record.len());
            assert_eq!(&record[32..], sensor.name.as_bytes());
        }
    }
}
