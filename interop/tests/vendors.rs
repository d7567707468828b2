//! What makers mean by their own, as we read it beside FreeIPMI and ipmitool: one log on
//! `ipmi_sim`, which says that it is of that maker, and the same facts from all of us, each in
//! words of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use common::pair::Pair;
use ipmi_client::sensors::SensorState;
use lantern_testkit::peers::{IpmiSim, Machine, States};

/// An event, and what is said of it.
struct Case {
    /// Generator, sensor type, sensor number, event type and direction, data.
    event: [u8; 7],
    /// In our words.
    ours: &'static str,
    /// What FreeIPMI has in its line.
    freeipmi: &'static [&'static str],
    /// What ipmitool has in its line, if it decodes that.
    ipmitool: &'static [&'static str],
}

const fn case(
    event: [u8; 7],
    ours: &'static str,
    freeipmi: &'static [&'static str],
    ipmitool: &'static [&'static str],
) -> Case {
    Case { event, ours, freeipmi, ipmitool }
}

fn record([generator, sensor_type, number, kind, a, b, c]: [u8; 7]) -> (u8, [u8; 13]) {
    (0x02, [0, 0, 0, 0, generator, 0x00, 0x04, sensor_type, number, kind, a, b, c])
}

/// The log of a BMC by that maker, as all three of us read it.
async fn compare(made_by: (u32, u16), cases: &[Case]) {
    let events = cases.iter().map(|case| record(case.event)).collect();
    let machine = Machine { made_by, events, ..Machine::default() };
    let Some(sim) = IpmiSim::start_with(machine) else { return };
    let Some(pair) = Pair::at_sim(&sim) else { return };
    let log = pair.client.sel_entries().await.unwrap();
    let decoder = pair.client.decoder().await.unwrap();
    pair.client.close().await;
    let words =
        "--interpret-oem-data --ignore-sdr-cache --no-header-output --comma-separated-output";
    let free = pair.freeipmi.run("ipmi-sel", words);
    let free: Vec<&str> = free.expect_success().lines().collect();
    let tool = pair.ipmitool.run("sel elist");
    let tool: Vec<&str> = tool.expect_success().lines().collect();
    assert_eq!([log.len(), free.len(), tool.len()], [cases.len(); 3], "{free:#?}\n{tool:#?}");
    let mut wrong = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let ours = decoder.record(&log[at]).map_or_else(|| "-".to_owned(), |it| it.text());
        let says = |line: &str, words: &[&str]| words.iter().all(|word| line.contains(word));
        if ours != case.ours || !says(free[at], case.freeipmi) || !says(tool[at], case.ipmitool) {
            wrong.push(format!("{:02x?}\n  {ours}\n  {}\n  {}", case.event, free[at], tool[at]));
        }
    }
    assert!(wrong.is_empty(), "{made_by:?}\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn dell() {
    compare(
        (674, 256),
        &[
            case([0x20, 0x0c, 1, 0x6f, 0xa0, 0x80, 0x01], "DIMM A1", &["DIMM A1"], &["DIMMA1"]),
            case([0x20, 0x0c, 1, 0x6f, 0xa1, 0x92, 0x04], "DIMM D1", &["DIMM D1"], &["DIMMD1"]),
            case([0x20, 0x0c, 1, 0x6f, 0xa1, 0xb1, 0x02], "DIMM B1", &["DIMM B1"], &["DIMMB1"]),
            case([0x20, 0x0c, 1, 0x6f, 0xa0, 0xf1, 0x01], "DIMM 9", &["DIMM 9"], &["DIMM9"]),
            case(
                [0x20, 0x0c, 1, 0x6f, 0xa0, 0x30, 0x02],
                "memory card 3, DIMM 2",
                &["Memory Card 3", "DIMM 2"],
                &["DIMM2"],
            ),
            case(
                [0x20, 0x07, 9, 0x6f, 0xa0, 0x02, 0x20],
                "CPU 2, APIC ID 32",
                &["CPU 2", "APIC ID 32"],
                &["CPU 2", "APIC ID 32"],
            ),
            case(
                [0x20, 0x13, 5, 0x6f, 0xa5, 0x1a, 0x04],
                "PCI 04:03.2",
                &["Bus 4", "Device 3", "Function 2"],
                &[],
            ),
            case([0x20, 0x13, 5, 0x6f, 0xa5, 0x00, 0x85], "slot 5", &["Slot 5"], &["Slot 5"]),
            case(
                [0x20, 0xc0, 1, 0x6f, 0x02, 0xff, 0xff],
                "Degraded, protects itself from heat",
                &["thermal protection"],
                &[],
            ),
            case(
                [0x20, 0x08, 1, 0x6f, 0x81, 0x06, 0xff],
                "current too high",
                &["Over Current"],
                &[],
            ),
            case(
                [0x20, 0x0f, 0x1e, 0x6f, 0x8f, 0x84, 0xff],
                "Fatal error in POST: CMOS failure",
                &["Fatal", "CMOS failure"],
                &["CMOS failed"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn supermicro() {
    // ipmitool asks the board which it is, by a command of Supermicro's that `ipmi_sim` has not,
    // before it says which DIMM.
    for made_by in [(10876, 1572), (47488, 43707), (10437, 4), (5593, 6)] {
        compare(
            made_by,
            &[case([0x20, 0xc0, 0x11, 0x70, 0x02, 0xff, 0xff], "Overheat", &["Overheat"], &[])],
        )
        .await;
    }
    compare(
        (10876, 2201),
        &[
            case(
                [0x20, 0x0c, 0xff, 0x6f, 0xa0, 0x2a, 0x80],
                "DIMM B1, CPU 1",
                &["DIMMB1(CPU1)"],
                &[],
            ),
            case(
                [0x20, 0x0c, 0xff, 0x6f, 0xa1, 0x1b, 0x81],
                "DIMM 2 of channel 1, CPU 2",
                &["2(CPU2)"],
                &[],
            ),
            case(
                [0x20, 0xd0, 0x00, 0x6f, 0x80, 0x01, 0xff],
                "BMC cold reset",
                &[],
                &["BMC cold reset"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn intel() {
    for (product, channel, first) in [(112, "J", "E"), (77, "A", "A"), (73, "J", "E")] {
        let dimm: &'static str = format!("CPU 3, channel {channel}, DIMM 2, rank 1").leak();
        let free: &'static [&'static str] = vec![channel, "CPU", "3", "DIMM", "2"].leak();
        let mirror = format!("CPU 2, channel {first}, DIMM 1, rank 0, mirroring domain 1").leak();
        let free_mirror = vec!["Mirroring Domain", "CPU", "2", first, "DIMM"].leak();
        compare(
            (343, product),
            &[
                case([0x33, 0x0c, 2, 0x6f, 0xa1, 0x01, 0x41], dimm, free, &[]),
                case(
                    [0x33, 0x13, 4, 0x70, 0xa4, 0x5e, 0x19],
                    "PCIe fatal error: poisoned TLP: PCI 5e:03.1",
                    &["Poisoned TLP", "Bus", "94", "evice", "3", "unction", "1"],
                    &[],
                ),
                case(
                    [0x33, 0x13, 5, 0x71, 0xa1, 0x5e, 0x19],
                    "PCIe correctable error: bad DLLP: PCI 5e:03.1",
                    &["Bad DLLP"],
                    &[],
                ),
                case(
                    [0x01, 0x13, 9, 0x77, 0xa1, 0x01, 0xff],
                    "Processor link reduced to half width: CPU 2",
                    &["1/2 width", "CPU = 2"],
                    &[],
                ),
                case(
                    [0x33, 0x13, 7, 0x73, 0xa8, 0x00, 0xff],
                    "QPI fatal error: protocol timeout: CPU 1",
                    &["timeout", "CPU = 1"],
                    &[],
                ),
                case([0x33, 0x0c, 1, 0x0b, 0xa2, 0x10, 0x20], mirror, free_mirror, &[]),
            ],
        )
        .await;
    }
    compare(
        (343, 62),
        &[case([0x33, 0x0c, 2, 0x6f, 0xa0, 0x00, 0x29], "DIMM E2", &["DIMM = E2"], &[])],
    )
    .await;
}

#[tokio::test]
async fn others() {
    compare(
        (10368, 0x0242),
        &[
            case([0x20, 0xe8, 1, 0x6f, 0x02, 0xff, 0xff], "Failed", &["Failed"], &[]),
            case(
                [0x20, 0xe1, 1, 0x6f, 0x04, 0xff, 0xff],
                "Recoverable ECC error",
                &["Recoverable ECC"],
                &[],
            ),
        ],
    )
    .await;
    compare(
        (15370, 266),
        &[
            case(
                [0x20, 0x0c, 1, 0x6f, 0xa0, 0xff, 0x31],
                "channel D, DIMM 1",
                &["Channel D", "DIMM 1"],
                &[],
            ),
            case(
                [0x20, 0x13, 1, 0x6f, 0xa4, 0x04, 0x1a],
                "PCI 04:03.2",
                &["Bus 4", "Device 3", "Function 2"],
                &[],
            ),
        ],
    )
    .await;
    compare(
        (7244, 21401),
        &[
            case([0x01, 0x0c, 0x60, 0x6f, 0xa0, 0xff, 0x05], "DIMM B1", &["DIMM B1"], &[]),
            case(
                [0x01, 0x13, 0x81, 0x6f, 0xa4, 0x1a, 0x04],
                "PCI 04:03.2",
                &["Bus Number 4", "Device 3", "Function 2"],
                &[],
            ),
            case(
                [0x01, 0x13, 0x82, 0x6f, 0xa7, 0x05, 0x02],
                "QPI 2, local error bit 5",
                &["QPI[2]", "Local Error Bit 5"],
                &[],
            ),
        ],
    )
    .await;
    for (product, data, ours, free) in [
        (51, 0x03, "CPU 0, channel 1, DIMM 1", "CPU0/Ch1/DIM1"),
        (51, 0x13, "CPU 1, channel 2, DIMM 0", "CPU1/Ch2/DIM0"),
        (52, 0x13, "CPU 1, channel 1, DIMM 1", "CPU1/Ch1/DIM1"),
        (52, 0x16, "CPU 1, channel 2, DIMM 0", "CPU1/Ch2/DIM0"),
    ] {
        let free: &'static [&'static str] = vec![free].leak();
        compare(
            (20569, product),
            &[
                case([0x21, 0x0c, 0x60, 0x6f, 0xa0, 0xff, data], ours, free, &[]),
                case(
                    [0x01, 0xc1, 0x81, 0x70, 0xa0, 0x02, 0x15],
                    "BMC enabled by BIOS: BIOS version 02.15",
                    &["BMC enabled by BIOS", "2", "15"],
                    &[],
                ),
                case(
                    [0x31, 0x0f, 0x06, 0x6f, 0xa0, 0x97, 0x01],
                    "processor speeds differ",
                    // FreeIPMI's table of the 5442 leaves out the function that it has for this.
                    if product == 51 { &["speeds mismatched"] } else { &["97h", "01h"] },
                    &[],
                ),
            ],
        )
        .await;
    }
    compare(
        (11161, 131),
        &[
            case(
                [0x01, 0x0c, 0x60, 0x6f, 0xa0, 0x11, 0x04],
                "CPU 2, DIMM B3, single-bit errors at critical threshold",
                &["SBE critical threshold", "CPU2 DIMM B3"],
                &[],
            ),
            case(
                [0x01, 0x12, 0x81, 0x6f, 0xa1, 0x15, 0x42],
                "BIOS version 1.21.2",
                &["1.21.2"],
                &[],
            ),
            case(
                [0x01, 0x13, 0x73, 0x6f, 0xa4, 0x1a, 0x04],
                "PCI 04:03.2",
                &["Bus 4", "Device 3", "Function 2"],
                &[],
            ),
            case(
                [0x01, 0x0f, 0x86, 0x6f, 0xa0, 0x12, 0x80],
                "no device at SATA 0",
                &["SATA 0"],
                &[],
            ),
            case(
                [0x01, 0xc0, 0x71, 0x6f, 0xaa, 0x05, 0x01],
                "Fatal error: QPI 1, local error bit 0x05",
                &["fatal", "QPI[1]", "05h"],
                &[],
            ),
        ],
    )
    .await;
    compare(
        (99, 1),
        &[case([0x21, 0x20, b'O', 0x6f, 0xa1, b'o', b'p'], "kernel panic \"Oop…\"", &["Oop"], &[])],
    )
    .await;
}

/// Sensors of a maker's own kinds: which state is it in, and is that good?
#[tokio::test]
async fn sensors() {
    for (made_by, kind, event_type, asserted, ours, freeipmi) in [
        ((10876, 1572), 0xc0, 0x70, 1, ("Medium", "warning"), "Warning,N/A,N/A,'Medium'"),
        ((47488, 43707), 0xc0, 0x70, 4, ("Overheat", "critical"), "Critical,N/A,N/A,'Overheat'"),
        ((674, 256), 0xc0, 0x6f, 1, ("Good", "ok"), "Nominal,N/A,N/A,'Good'"),
        (
            (674, 256),
            0xc0,
            0x6f,
            4,
            ("Degraded, protects itself from heat", "warning"),
            "Warning,N/A,N/A,'Degraded, thermal protection'",
        ),
        ((674, 256), 0xc3, 0x6f, 2, ("Fatal I/O error", "unknown"), "'Fatal IO error'"),
        ((674, 256), 0xc4, 0x6f, 1, ("Succeeded", "unknown"), "'Successful'"),
        ((674, 256), 0x08, 0x70, 0x20, ("Failed", "critical"), "'Failed'"),
        (
            (10368, 0x0242),
            0xdf,
            0x6f,
            1,
            ("Normal", "unknown"),
            "OEM Memory Config,N/A,N/A,N/A,'Normal'",
        ),
        ((10368, 0x0242), 0xe8, 0x6f, 4, ("Failed", "unknown"), "'Power supply - Failed'"),
        ((11, 8192), 0xc0, 0x71, 2, ("Health LED amber", "warning"), "'amber'"),
        ((343, 62), 0xf3, 0x03, 2, ("SMI timeout, or power throttled", "critical"), "Critical"),
        // Nobody says what these are.
        ((343, 62), 0xc0, 0x70, 1, ("-", "unknown"), "'OEM Event = 0001h'"),
        ((7244, 21401), 0xc1, 0x70, 2, ("-", "unknown"), "'OEM Event = 0002h'"),
    ] {
        let name = "Theirs".to_owned();
        let states = vec![States { number: 1, name, kind, event_type, entity: 3, asserted }];
        let machine = Machine { made_by, states, sensors: Vec::new(), ..Machine::default() };
        let Some(sim) = IpmiSim::start_with(machine) else { return };
        let Some(pair) = Pair::at_sim(&sim) else { return };
        let sensors = pair.client.sensors(false).await.unwrap();
        pair.client.close().await;
        let [sensor] = &sensors[..] else { panic!("{sensors:?}") };
        let text = sensor.oem.as_ref().map_or_else(|| "-".to_owned(), |it| it.text());
        let state = match sensor.state {
            SensorState::Nominal => "ok",
            SensorState::Warning => "warning",
            SensorState::Critical => "critical",
            _ => "unknown",
        };
        assert_eq!((&*text, state), ours, "{made_by:?} {kind:02x}");
        let words = "--interpret-oem-data --output-sensor-state --no-header-output \
                     --comma-separated-output";
        let free = pair.freeipmi.run("ipmi-sensors", words);
        assert!(free.expect_success().contains(freeipmi), "{made_by:?} {kind:02x}\n{free}");
    }
}
