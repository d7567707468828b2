//! What boot options are told, kept, used and refused.

use ipmi_wire::Channel;
use ipmi_wire::cmd::chassis::{BootDevice, SetInProgress};

use super::*;
use crate::context::Origin;
use crate::nvram::{Change, Memory};
use crate::platform::{
    IdentifyLight, Measurement, PlatformError, PlatformEvent, PowerSignal, Scan,
};

fn flags() -> BootFlags {
    BootFlags {
        valid: true,
        persistent: true,
        efi: true,
        device: BootDevice::PXE,
        ..BootFlags::default()
    }
}

/// One value of each parameter.
fn values() -> Vec<BootParameter> {
    let initiator =
        BootInitiator { channel: Channel::new(1), session_id: 7, timestamp: 0x6b49_d200 };
    vec![
        BootParameter::SetInProgress(SetInProgress::InProgress),
        BootParameter::ServicePartition(3),
        BootParameter::ServicePartitionScan { scan: true, discovered: true },
        BootParameter::ValidBitClearing(0x08),
        BootParameter::Acknowledge { mask: 0xff, data: 0x1f },
        BootParameter::Flags(flags()),
        BootParameter::Initiator(initiator),
        BootParameter::Mailbox { block: 4, data: (1..=16).collect() },
    ]
}

fn kept(journal: &mut Journal) -> Memory {
    let changes = journal.take();
    let values = changes.iter().map(|change| match change {
        Change::Put(key, value) => (*key, value.as_slice()),
        other => panic!("{other:?}"),
    });
    // As a store does it: one value per key, the last one.
    let values: std::collections::BTreeMap<_, _> = values.collect();
    Memory::decode(values).unwrap()
}

/// A machine without remote media.
struct Bare;

impl Platform for Bare {
    fn advance(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_on(&self) -> bool {
        false
    }

    fn power(&mut self, _: Instant, _: PowerSignal) -> Result<(), PlatformError> {
        Ok(())
    }

    fn can_boot_from(&self, device: BootDevice) -> bool {
        device.0 < BootDevice::REMOTE_FLOPPY.0
    }

    fn identify(&mut self, _: Instant, _: IdentifyLight) {}

    fn start_scan(&mut self, _: Instant, _: u8) -> Scan {
        Scan::Done(Measurement::Unavailable)
    }

    fn poll_event(&mut self) -> Option<PlatformEvent> {
        None
    }
}

/// Boot options, the time, and what is noted.
struct Bench {
    options: BootOptions,
    journal: Journal,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let (options, journal) = (BootOptions::default(), Journal::default());
        Self { options, journal, now: Instant::now() }
    }

    fn request(&mut self, request: &SetSystemBootOptions) -> Outcome<()> {
        let context = Context { now: self.now, origin: Origin::SystemInterface };
        self.options.set(&context, request, &Bare, &mut self.journal)
    }

    fn set(&mut self, parameter: BootParameter) -> Outcome<()> {
        self.request(&SetSystemBootOptions::with(parameter))
    }

    fn get(&self, selector: u8, set: u8) -> Outcome<SystemBootOptions> {
        self.options.get(self.now, selector, set)
    }

    /// The options after a restart of the controller.
    fn restarted(&mut self) -> BootOptions {
        self.options.keep(&mut self.journal);
        BootOptions::new(self.now, &kept(&mut self.journal).boot_options)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.options.advance(self.now);
    }

    fn start(&mut self, cause: RestartCause) -> Option<BootOrder> {
        let order = self.options.order(cause);
        self.options.use_up();
        order
    }
}

#[test]
fn what_is_set_is_told_and_kept() {
    let mut bench = Bench::new();
    for value in values() {
        let set = if value.selector() == MAILBOX { 4 } else { 0 };
        bench.set(value.clone()).unwrap();
        let told = bench.get(value.selector(), set).unwrap();
        let expected = match value {
            BootParameter::Acknowledge { data, .. } => BootParameter::Acknowledge { mask: 0, data },
            value => value,
        };
        assert_eq!((told.version, told.invalid, told.parameter), (1, false, expected));
    }
    let again = bench.restarted();
    assert_eq!(again.values, bench.options.values);
    assert_eq!(again.values.flags, flags());
    assert_eq!((again.claim.progress(bench.now), again.acknowledge), (SetInProgress::Complete, 0));
}

#[test]
fn a_mark_changes_and_the_value_does_not() {
    let mut bench = Bench::new();
    bench.set(BootParameter::Flags(flags())).unwrap();
    bench.set(BootParameter::Mailbox { block: 2, data: vec![9; 16] }).unwrap();
    for selector in 0..=7 {
        let request = SetSystemBootOptions { selector, invalid: true, value: None };
        bench.request(&request).unwrap();
        assert!(bench.get(selector, 2).unwrap().invalid);
    }
    assert_eq!(bench.options.values.flags, flags());
    // What is marked is not meant.
    assert_eq!(bench.start(RestartCause::ChassisControl), None);
    let again = bench.restarted();
    assert_eq!(again.values.invalid, 0b1110_1110);
    let values = &bench.options.values;
    assert_eq!((again.values.flags, again.values.mailbox), (values.flags, values.mailbox));
    // Whoever sets a value validates it.
    bench.set(BootParameter::ServicePartition(1)).unwrap();
    assert!(!bench.get(1, 0).unwrap().invalid);
}

#[test]
fn who_is_at_it_now_is_forgotten_by_a_reset() {
    let mut bench = Bench::new();
    bench.set(BootParameter::SetInProgress(SetInProgress::InProgress)).unwrap();
    let says = |bench: &Bench| bench.get(0, 0).unwrap().parameter;
    assert_eq!(says(&bench), BootParameter::SetInProgress(SetInProgress::InProgress));
    bench.options.reset();
    assert_eq!(says(&bench), BootParameter::SetInProgress(SetInProgress::Complete));
    assert_eq!(bench.journal.noted(), 0);
}

#[test]
fn only_the_bits_that_are_meant_are_acknowledged() {
    let mut bench = Bench::new();
    for (mask, data, after) in [(0xff, 0xff, 0xff), (0x01, 0x00, 0xfe), (0x02, 0xff, 0xfe)] {
        bench.set(BootParameter::Acknowledge { mask, data }).unwrap();
        assert_eq!(bench.options.acknowledge, after);
    }
}

#[test]
fn what_there_is_not_is_refused() {
    let mut bench = Bench::new();
    for selector in [8, 95, 96, 127] {
        assert_eq!(bench.get(selector, 0), Err(UNSUPPORTED));
        for value in [None, Some(BootParameter::Other { selector, data: vec![1] })] {
            let request = SetSystemBootOptions { selector, invalid: false, value };
            assert_eq!(bench.request(&request), Err(UNSUPPORTED));
        }
    }
    let refused = bench.set(BootParameter::Mailbox { block: 5, data: vec![1] });
    assert_eq!(refused, Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
    assert_eq!(bench.get(MAILBOX, 5), Err(CompletionCode::PARAMETER_OUT_OF_RANGE));
    // A device that the machine does not have, marked as invalid or not.
    for device in [BootDevice::REMOTE_CD, BootDevice(0x0a)] {
        let value = BootParameter::Flags(BootFlags { device, ..flags() });
        for invalid in [false, true] {
            let value = Some(value.clone());
            let request = SetSystemBootOptions { selector: FLAGS, invalid, value };
            assert_eq!(bench.request(&request), Err(CompletionCode::INVALID_DATA_FIELD));
        }
    }
    assert_eq!((bench.journal.noted(), &bench.options.values), (0, &Values::default()));
}

#[test]
fn a_short_write_leaves_the_rest_of_a_block() {
    let mut bench = Bench::new();
    for data in [vec![7; 16], vec![1, 2]] {
        bench.set(BootParameter::Mailbox { block: 0, data }).unwrap();
    }
    assert_eq!(bench.options.values.mailbox[0][..4], [1, 2, 7, 7]);
}

/// Flags for one start.
fn once() -> BootFlags {
    BootFlags { persistent: false, ..flags() }
}

fn order(flags: BootFlags) -> Option<BootOrder> {
    let BootFlags { device, instance, efi, persistent, .. } = flags;
    Some(BootOrder { device, instance, efi, persistent })
}

#[test]
fn one_start_uses_up_what_is_meant_for_one_and_not_what_is_meant_for_all() {
    let mut bench = Bench::new();
    assert_eq!(bench.start(RestartCause::ChassisControl), None);
    bench.set(BootParameter::Flags(once())).unwrap();
    assert_eq!(bench.start(RestartCause::ChassisControl), order(once()));
    assert_eq!(bench.start(RestartCause::ChassisControl), None);
    let used = BootFlags { valid: false, ..once() };
    assert_eq!(bench.options.values.flags, used, "and all else is still told");
    assert_eq!(bench.restarted().values.flags, used);
    bench.set(BootParameter::Flags(flags())).unwrap();
    for cause in [RestartCause::ChassisControl, RestartCause::PowerButton, RestartCause::Watchdog] {
        assert_eq!(bench.start(cause), order(flags()));
    }
}

#[test]
fn nobody_starts_by_chance_from_what_somebody_else_has_asked_for() {
    for (cause, bit) in [
        (RestartCause::PowerButton, 0x01),
        (RestartCause::ResetButton, 0x02),
        (RestartCause::SoftReset, 0x02),
        (RestartCause::Watchdog, 0x04),
        (RestartCause::PefReset, 0x10),
    ] {
        for unless in [!bit & 0x1f, bit] {
            let mut bench = Bench::new();
            bench.set(BootParameter::ValidBitClearing(unless)).unwrap();
            bench.set(BootParameter::Flags(once())).unwrap();
            let expected = if unless == bit { order(once()) } else { None };
            assert_eq!(bench.start(cause), expected, "{cause:?} {unless:#x}");
            assert!(!bench.options.values.flags.valid);
        }
    }
}

#[test]
fn flags_lapse_after_a_minute_unless_told_otherwise() {
    let second = Duration::from_secs(1);
    let valid = |bench: &Bench| bench.options.values.flags.valid;
    let mut bench = Bench::new();
    bench.set(BootParameter::Flags(once())).unwrap();
    bench.wait(LAPSE - second);
    assert!(valid(&bench));
    assert_eq!(bench.options.poll_timeout(), Some(bench.now + second));
    bench.wait(second);
    assert!(!valid(&bench) && bench.options.poll_timeout().is_none());
    assert!(!bench.restarted().values.flags.valid, "and it is noted");

    // A command that may bring about the start begins the minute again.
    bench.set(BootParameter::Flags(once())).unwrap();
    bench.wait(LAPSE - second);
    bench.options.expect_start(bench.now);
    bench.wait(LAPSE - second);
    assert!(valid(&bench));
    // And so does the controller's start.
    let again = bench.restarted();
    assert_eq!(again.poll_timeout(), Some(bench.now + LAPSE));

    bench.set(BootParameter::ValidBitClearing(0x08)).unwrap();
    bench.wait(10 * LAPSE);
    assert!(valid(&bench));
    bench.set(BootParameter::ValidBitClearing(0)).unwrap();
    bench.wait(LAPSE);
    assert!(!valid(&bench));
    bench.set(BootParameter::Flags(flags())).unwrap();
    bench.wait(10 * LAPSE);
    assert!(valid(&bench), "what is meant for all starts stays");
}
