//! Which filters an event matches, and what comes of it. IPMI v2.0 §17.7, §17.8.

use ipmi_wire::cmd::sensor::{EventFilter, PefActions};
use ipmi_wire::sel::SelRecord;

/// What all filters that `event` matches ask for together.
pub(super) fn wanted(filters: impl Iterator<Item = EventFilter>, event: &SelRecord) -> PefActions {
    let matching = filters.filter(|filter| matches(filter, event));
    let bits = matching.fold(0, |bits, filter| bits | filter.actions.bits());
    PefActions::from_bits(bits)
}

/// What is left of it by what is enabled and what there is: of what happens to the machine only the
/// first of going off, going off and on, a reset, a diagnostic interrupt (Table 17-1).
pub(super) fn allowed(wanted: PefActions, enabled: PefActions, there: PefActions) -> PefActions {
    let all = PefActions::from_bits(wanted.bits() & enabled.bits() & there.bits());
    let power_down = all.power_down;
    let power_cycle = all.power_cycle && !power_down;
    let reset = all.reset && !all.power_cycle && !power_down;
    let above = power_down || all.power_cycle || all.reset;
    let diagnostic_interrupt = all.diagnostic_interrupt && !above;
    PefActions { power_down, power_cycle, reset, diagnostic_interrupt, ..all }
}

/// Whether an event matches a filter that is in force. Records of other types than system events
/// match none.
///
/// The trigger is compared with the direction, bit 7 of the event's own byte: a filter for what comes
/// does not act on what goes.
pub(super) fn matches(filter: &EventFilter, event: &SelRecord) -> bool {
    let SelRecord::System {
        generator,
        sensor_type,
        sensor_number,
        assertion,
        event_type,
        data,
        ..
    } = event
    else {
        return false;
    };
    let direction = if *assertion { 0 } else { 0x80 };
    let [source, channel] = generator.to_le_bytes();
    let [wanted_source, wanted_channel] = filter.generator;
    let [first, ..] = data;
    filter.configuration.enabled
        && fits(wanted_source, source)
        && fits(wanted_channel, channel)
        && fits(filter.sensor_type, sensor_type.0)
        && fits(filter.sensor_number, *sensor_number)
        && fits(filter.trigger, direction | (event_type.0 & 0x7f))
        && filter.offsets & (1 << (first & 0x0f)) != 0
        && filter.data.iter().zip(data).all(|(of, byte)| of.accepts(*byte))
}

const fn fits(wanted: u8, is: u8) -> bool {
    wanted == EventFilter::ANY || wanted == is
}

#[cfg(test)]
mod tests {
    use ipmi_wire::Decode;
    use ipmi_wire::cmd::sensor::{DataMatch, FilterConfiguration};
    use proptest::prelude::*;

    use super::*;

    /// Upper critical going high, by sensor 30h, from a remote console: what ipmitool's `event 1`
    /// becomes in the log.
    fn event() -> SelRecord {
        let bytes = [1, 0, 2, 0, 0, 0, 0, 0x81, 0x10, 4, 1, 0x30, 1, 0x59, 0x20, 0x1e];
        SelRecord::decode_exact(&bytes).unwrap()
    }

    /// One for any event.
    fn for_any() -> EventFilter {
        EventFilter {
            configuration: FilterConfiguration { enabled: true, ..FilterConfiguration::default() },
            generator: [0xff; 2],
            sensor_type: 0xff,
            sensor_number: 0xff,
            trigger: 0xff,
            offsets: 0xffff,
            ..EventFilter::default()
        }
    }

    #[test]
    fn each_field_selects() {
        assert!(matches(&for_any(), &event()));
        let compare = |n: usize, mask, value| {
            let mut data = [DataMatch::default(); 3];
            data[n] = DataMatch { mask, exact: 0xff, value };
            EventFilter { data, ..for_any() }
        };
        let pairs = [
            (
                EventFilter { generator: [0x81, 0x10], ..for_any() },
                EventFilter { generator: [0x41, 0xff], ..for_any() },
            ),
            (
                EventFilter { generator: [0xff, 0x10], ..for_any() },
                EventFilter { generator: [0x81, 0x00], ..for_any() },
            ),
            (
                EventFilter { sensor_type: 1, ..for_any() },
                EventFilter { sensor_type: 2, ..for_any() },
            ),
            (
                EventFilter { sensor_number: 0x30, ..for_any() },
                EventFilter { sensor_number: 0, ..for_any() },
            ),
            (EventFilter { trigger: 1, ..for_any() }, EventFilter { trigger: 0x81, ..for_any() }),
            (EventFilter { trigger: 1, ..for_any() }, EventFilter { trigger: 0x6f, ..for_any() }),
            (
                EventFilter { offsets: 1 << 9, ..for_any() },
                EventFilter { offsets: !(1 << 9), ..for_any() },
            ),
            (compare(0, 0xf0, 0x50), compare(0, 0xf0, 0x40)),
            (compare(1, 0xff, 0x20), compare(1, 0xff, 0x21)),
            (compare(2, 0x0f, 0x0e), compare(2, 0x0f, 0x0f)),
        ];
        for (hit, miss) in pairs {
            assert!(matches(&hit, &event()), "{hit:?}");
            assert!(!matches(&miss, &event()), "{miss:?}");
        }
        let disabled = EventFilter { configuration: FilterConfiguration::default(), ..for_any() };
        assert!(!matches(&disabled, &event()));
    }

    #[test]
    fn what_comes_is_not_what_goes_and_other_records_are_no_events() {
        let mut bytes = [1, 0, 2, 0, 0, 0, 0, 0x20, 0, 4, 1, 0x30, 0x81, 9, 0xff, 0xff];
        let gone = SelRecord::decode_exact(&bytes).unwrap();
        assert!(!matches(&EventFilter { trigger: 1, ..for_any() }, &gone));
        assert!(matches(&EventFilter { trigger: 0x81, ..for_any() }, &gone));
        for kind in [0xc0, 0xe0, 0x03] {
            bytes[2] = kind;
            assert!(!matches(&for_any(), &SelRecord::decode_exact(&bytes).unwrap()));
        }
    }

    #[test]
    fn the_strongest_action_is_the_only_one() {
        let all = PefActions::from_bits(0x3f);
        let strongest = |bits| allowed(PefActions::from_bits(bits), all, all).bits();
        assert_eq!([0x2e, 0x2c, 0x24, 0x20].map(strongest), [0x02, 0x08, 0x04, 0x20]);
        assert_eq!(strongest(0x2f), 0x03, "an alert goes with each");
        let but_off = PefActions::from_bits(0x3d);
        assert_eq!(allowed(PefActions::from_bits(0x06), but_off, all).bits(), 0x04);
        assert_eq!(allowed(PefActions::from_bits(0x06), all, but_off).bits(), 0x04);
    }

    fn filter() -> impl Strategy<Value = EventFilter> {
        prop::array::uniform21(prop_oneof![Just(0xff_u8), Just(0), any::<u8>()])
            .prop_map(|bytes| EventFilter::decode_exact(&bytes).unwrap())
    }

    proptest! {
        /// A filter that is made of the event it is to match matches it; one that asks for another
        /// value anywhere does not; and wildcards only ever widen.
        #[test]
        fn a_filter_made_of_an_event_matches_it_and_no_other(
            mut bytes: [u8; 16],
            wide: [bool; 5],
            other in 0usize..8,
            off in 1u8..=0xfe,
        ) {
            bytes[2] = 2;
            // FFh is what stands for any.
            for n in [7, 8, 10, 11] {
                bytes[n] &= 0x7f;
            }
            bytes[12] &= 0x6f;
            let event = SelRecord::decode_exact(&bytes).unwrap();
            let pick = |n: usize, value| if wide[n] { 0xff } else { value };
            let exact = |value| DataMatch { mask: 0xff, exact: 0xff, value };
            let made = EventFilter {
                generator: [pick(0, bytes[7]), pick(1, bytes[8])],
                sensor_type: pick(2, bytes[10]),
                sensor_number: pick(3, bytes[11]),
                trigger: pick(4, bytes[12]),
                offsets: 1 << (bytes[13] & 0x0f),
                data: [exact(bytes[13]), exact(bytes[14]), exact(bytes[15])],
                ..for_any()
            };
            prop_assert!(matches(&made, &event));
            let place = [7, 8, 10, 11, 12, 13, 14, 15][other];
            let mut changed = bytes;
            changed[place] ^= off;
            let changed = SelRecord::decode_exact(&changed).unwrap();
            let is_wide = wide.get(other).copied().unwrap_or(false);
            prop_assert_eq!(matches(&made, &changed), is_wide);
        }

        #[test]
        fn a_wildcard_only_widens(filter in filter(), mut bytes: [u8; 16]) {
            bytes[2] = 2;
            let event = SelRecord::decode_exact(&bytes).unwrap();
            let wider = EventFilter {
                generator: [0xff; 2],
                sensor_type: 0xff,
                sensor_number: 0xff,
                trigger: 0xff,
                offsets: 0xffff,
                data: [DataMatch::default(); 3],
                ..filter
            };
            prop_assert_eq!(matches(&wider, &event), filter.configuration.enabled);
            prop_assert!(!matches(&filter, &event) || matches(&wider, &event));
        }

        #[test]
        fn nothing_is_done_that_nobody_wants_or_that_is_not_enabled(
            wanted: u8, enabled: u8, there: u8,
        ) {
            let of = PefActions::from_bits;
            let done = allowed(of(wanted), of(enabled), of(there)).bits();
            prop_assert_eq!(done & !(wanted & enabled & there), 0);
            prop_assert!((done & 0x2e).count_ones() <= 1);
            prop_assert_eq!(done & 0x2e == 0, wanted & enabled & there & 0x2e == 0);
        }
    }
}
