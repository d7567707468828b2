use ipmi_wire::cmd::app::{GetDeviceId, Guid};
use ipmi_wire::cmd::sensor::{DeviceSdrInfo, GetDeviceSdr};
use ipmi_wire::cmd::storage::{
    AddSdr, ClearSdrRepository, GetSdr, GetSdrRepositoryInfo, PartialAddSdr,
};
use ipmi_wire::{CompletionCode, Response};

use super::*;
use crate::fake::{Machine, code, full_sensor, is, lost};

mod trouble;

fn names(set: &SdrSet) -> Vec<String> {
    set.records().iter().map(|record| record.name().unwrap().text()).collect()
}

fn many(count: u8) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(|n| full_sensor(n, &format!("Sensor {n}")))
}

#[tokio::test]
async fn the_second_use_costs_one_command_and_a_new_session_two() {
    let machine = Machine::with_sdrs(many(72));
    let bmc = machine.bmc();
    assert_eq!(bmc.sdr_records().await.unwrap().len(), 72);
    // Get Device ID, Get SDR Repository Info before and after.
    assert_eq!(machine.requests(), 72 + 3);
    bmc.sdr_records().await.unwrap();
    assert_eq!(machine.requests(), 1);
    machine.world().session = 2;
    bmc.sdr_records().await.unwrap();
    assert_eq!(machine.requests(), 2);
}

#[tokio::test]
async fn a_clock_that_was_never_set_costs_one_more_for_the_last_record() {
    for time in [0, 17, u32::MAX] {
        let machine = Machine::with_sdrs(many(5));
        machine.world().sdr_info.last_addition = time;
        let bmc = machine.bmc();
        bmc.sdrs().await.unwrap();
        machine.requests();
        bmc.sdrs().await.unwrap();
        assert_eq!(machine.requests(), 2, "{time:08x}");
        // Nothing that the BMC says of itself shows this one.
        machine.world().sdrs[4] = full_sensor(5, "Swapped 5");
        machine.world().sdrs[4][0] = 5;
        assert_eq!(names(&bmc.sdrs().await.unwrap())[4], "Swapped 5");
        machine.requests();
        // In pieces, the first has to do.
        machine.world().most = 16;
        bmc.sdrs_afresh().await.unwrap();
        machine.requests();
        bmc.sdrs().await.unwrap();
        assert_eq!(machine.requests(), 2, "{time:08x}");
    }
}

#[tokio::test]
async fn whatever_the_bmc_says_differently_makes_it_read_again() {
    type Change = fn(&mut crate::fake::World);
    let changes: [Change; 6] = [
        |world| world.sdr_info.last_addition += 1,
        |world| world.sdr_info.last_erase += 1,
        |world| world.sdr_info.free_space = 100,
        |world| world.device.firmware_minor += 1,
        |world| world.device.product_id += 1,
        |world| {
            world.add_sdr(full_sensor(9, "One more"));
        },
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let machine = Machine::with_sdrs(many(3));
        let bmc = machine.bmc();
        bmc.sdrs().await.unwrap();
        machine.requests();
        machine.world().session += 1;
        change(&mut machine.world());
        let count = bmc.sdrs().await.unwrap().records().len();
        assert_eq!(machine.requests(), count + 3, "{nth}");
    }
    // A firmware update that is under way is no other firmware.
    let machine = Machine::with_sdrs(many(3));
    let bmc = machine.bmc();
    bmc.sdrs().await.unwrap();
    machine.requests();
    machine.world().session = 2;
    machine.world().device.updating = true;
    bmc.sdrs().await.unwrap();
    assert_eq!(machine.requests(), 2);
}

#[tokio::test]
async fn records_that_change_while_they_are_read_are_read_again() {
    let machine = Machine::with_sdrs(many(4));
    let bmc = machine.bmc();
    let mut reads = 0;
    machine.hook(move |world, request| {
        reads += u32::from(is::<GetSdr>(request));
        if reads == 3 {
            reads = 100;
            world.sdr_info.last_addition += 1;
            world.sdrs[0] = full_sensor(1, "New 1");
            world.sdrs[0][0] = 1;
            world.add_sdr(full_sensor(7, "New 5"));
        }
        None
    });
    let set = bmc.sdrs().await.unwrap();
    assert_eq!(names(&set), ["New 1", "Sensor 2", "Sensor 3", "Sensor 4", "New 5"]);
    assert!(set.ending().is_complete());

    // A BMC for which every second is the last addition has changed nothing.
    let machine = Machine::with_sdrs(many(4));
    machine.hook(|world, request| {
        world.sdr_info.last_addition += u32::from(is::<GetSdrRepositoryInfo>(request));
        None
    });
    let set = machine.bmc().sdrs().await.unwrap();
    assert!(set.ending().is_complete());
    assert_eq!(machine.requests(), 4 + 3 + 1);

    // One that never comes to rest is reported, and not kept.
    let machine = Machine::with_sdrs(many(4));
    machine.hook(|world, request| {
        if is::<GetSdrRepositoryInfo>(request) {
            world.add_sdr(full_sensor(7, "More"));
        }
        None
    });
    let bmc = machine.bmc();
    assert_eq!(*bmc.sdrs().await.unwrap().ending(), Ending::Changing);
    machine.unhook();
    assert!(bmc.sdrs().await.unwrap().ending().is_complete());
}

#[tokio::test]
async fn an_early_end_is_reported_and_kept_if_it_is_the_bmcs_last_word() {
    let machine = Machine::with_sdrs(many(4));
    machine.hook(|_, request| {
        let third = crate::fake::of::<GetSdr>(request).is_some_and(|get| get.record_id == 3);
        third.then(|| Ok(code(0xcb)))
    });
    let bmc = machine.bmc();
    for _ in 0..2 {
        let set = bmc.sdrs().await.unwrap();
        let Ending::Unreadable { record_id: 3, completion, why } = set.ending() else {
            panic!("{:?}", set.ending());
        };
        assert_eq!((set.records().len(), *completion), (2, Some(CompletionCode::NOT_PRESENT)));
        assert!(why.contains("CBh"), "{why}");
    }
    machine.requests();
    bmc.sdrs().await.unwrap();
    assert_eq!(machine.requests(), 1);
}

#[tokio::test]
async fn a_bmc_without_a_repository_is_asked_for_its_devices_records() {
    let machine = Machine::new();
    {
        let mut world = machine.world();
        world.repository = false;
        world.device.additional_support &= !2;
        world.device.provides_device_sdrs = true;
        let info = DeviceSdrInfo { count: 3, dynamic: true, luns: 5, population_change: Some(9) };
        world.device_info = Some(info);
        world.device_sdrs[0] = many(2).collect();
        (world.device_sdrs[0][0][0], world.device_sdrs[0][1][0]) = (1, 2);
        let mut other = full_sensor(1, "At LUN 2");
        (other[0], other[6]) = (1, 2);
        world.device_sdrs[2] = vec![other];
    }
    let bmc = machine.bmc();
    let set = bmc.sdrs().await.unwrap();
    assert_eq!(names(&set), ["Sensor 1", "Sensor 2", "At LUN 2"]);
    assert_eq!((set.source(), set.ending()), (SdrSource::Device, &Ending::Complete));
    // There are three, it says, so a third one is asked for at LUN 0 in vain.
    assert_eq!((machine.count::<GetDeviceSdr>(), machine.count::<GetSdr>()), (4, 0));
    // Unchanged but for a counter, which proves less than a time.
    machine.requests();
    bmc.sdrs().await.unwrap();
    assert_eq!(machine.requests(), 2);

    // One that says that it has a repository, and does not know the command.
    machine.world().device.additional_support |= 2;
    assert_eq!(names(&machine.bmc().sdrs().await.unwrap()).len(), 3);
    // One whose repository is empty.
    machine.world().repository = true;
    assert_eq!(names(&machine.bmc().sdrs().await.unwrap()).len(), 3);
    // And one that has neither.
    machine.world().device_info = None;
    machine.world().repository = false;
    let error = machine.bmc().sdrs().await.unwrap_err();
    assert_eq!(error.completion(), Some(CompletionCode::INVALID_COMMAND));
}

#[tokio::test]
async fn an_empty_repository_is_no_error_and_not_believed_for_long() {
    let machine = Machine::new();
    let bmc = machine.bmc();
    assert!(bmc.sdrs().await.unwrap().records().is_empty());
    machine.world().set_sdrs(many(2));
    machine.world().sdr_info.record_count = 0;
    assert_eq!(bmc.sdrs().await.unwrap().records().len(), 2);
}

#[tokio::test]
async fn a_number_inside_a_record_that_differs_from_the_one_it_is_found_under_is_not_used() {
    let machine = Machine::with_sdrs(many(2));
    machine.hook(|world, request| {
        let second = crate::fake::of::<GetSdr>(request).is_some_and(|get| get.record_id == 2);
        second.then(|| {
            let mut record = world.sdrs[1].clone();
            record[0] = 0x77;
            Ok(Response {
                completion: CompletionCode::OK,
                data: [&[0xff, 0xff][..], &record].concat(),
            })
        })
    });
    let set = machine.bmc().sdrs().await.unwrap();
    assert_eq!(set.records()[1].record_id(), 2);
    assert!(set.ending().is_complete());
}

#[tokio::test]
async fn a_damaged_record_is_kept_as_it_came() {
    // A full sensor record that ends after its key; by hand from §43.1.
    let bytes = vec![0x07, 0x00, 0x51, 0x01, 0x03, 0x20, 0x00, 0x30];
    let header = RecordHeader { record_id: 1, version: 0x51, record_type: 1, length: 3 };
    let machine = Machine::with_sdrs([bytes, full_sensor(2, "Whole")]);
    let set = machine.bmc().sdrs().await.unwrap();
    assert_eq!(set.records()[0], Record::Other { header, body: vec![0x20, 0x00, 0x30] });
    assert_eq!(set.records().len(), 2);
}

#[tokio::test]
async fn a_dump_is_read_back_and_fills_a_repository() {
    let machine = Machine::with_sdrs(many(3));
    let bmc = machine.bmc();
    let dump = bmc.sdrs().await.unwrap().dump();
    let records = parse_dump(&dump).unwrap();
    assert_eq!(records.concat(), dump);
    for length in 1..dump.len() {
        assert_eq!(parse_dump(&dump[..length]).is_ok(), length % records[0].len() == 0);
    }

    machine.world().set_sdrs(many(9));
    machine.world().lose_reservations = 2;
    let filled = bmc.fill_sdr_repository(&records).await.unwrap();
    assert_eq!((filled.added.len(), filled.failed.is_none()), (3, true));
    assert_eq!(machine.count::<ClearSdrRepository>(), 3 + 1);
    assert_eq!(names(&bmc.sdrs().await.unwrap()), ["Sensor 1", "Sensor 2", "Sensor 3"]);
}

#[tokio::test]
async fn records_that_cannot_be_added_whole_are_added_in_pieces() {
    for refusal in [0xc1, 0xc7, 0xca] {
        let machine = Machine::with_sdrs(many(1));
        let bmc = machine.bmc();
        let records: Vec<_> = many(4).collect();
        machine.world().most = 16;
        machine.hook(move |_, request| is::<AddSdr>(request).then(|| Ok(code(refusal))));
        let filled = bmc.fill_sdr_repository(&records).await.unwrap();
        assert!(filled.failed.is_none(), "{:?}", filled.failed);
        // Once asked is enough, and so is once for each size.
        assert_eq!(machine.count::<AddSdr>(), 1);
        assert_eq!(machine.count::<PartialAddSdr>(), 1 + 4 * 4);
        assert_eq!(machine.world().sdrs.len(), 4);
    }
}

#[tokio::test]
async fn a_record_whose_addition_was_not_answered_is_looked_up() {
    for reached in [true, false] {
        let machine = Machine::new();
        let bmc = machine.bmc();
        let records: Vec<_> = many(3).collect();
        let mut adds = 0;
        machine.hook(move |world, request| {
            adds += u32::from(is::<AddSdr>(request));
            (is::<AddSdr>(request) && adds == 2).then(|| {
                if reached {
                    world.answer(request);
                }
                Err(lost(request))
            })
        });
        let filled = bmc.fill_sdr_repository(&records).await.unwrap();
        assert!(filled.failed.is_none());
        assert_eq!(machine.world().sdrs.len(), 3);
        assert_eq!(filled.added[1].is_none(), reached);
    }
}

#[tokio::test]
async fn a_full_repository_says_how_far_it_came() {
    let machine = Machine::new();
    machine.hook(|world, request| {
        (is::<AddSdr>(request) && world.sdrs.len() == 2).then(|| Ok(code(0xc4)))
    });
    let records: Vec<_> = many(4).collect();
    let filled = machine.bmc().fill_sdr_repository(&records).await.unwrap();
    assert_eq!(filled.added, [Some(1), Some(2)]);
    assert_eq!(filled.failed.unwrap().completion(), Some(CompletionCode::OUT_OF_SPACE));
}

#[tokio::test]
async fn a_repository_that_is_not_cleared_though_the_bmc_says_so_is_left_alone() {
    let machine = Machine::with_sdrs(many(3));
    machine.hook(|world, request| {
        is::<ClearSdrRepository>(request).then(|| {
            world.sdr_info.last_erase += 1;
            Ok(Response::ok(&ipmi_wire::cmd::storage::EraseProgress::Completed))
        })
    });
    let error = machine.bmc().fill_sdr_repository(&[full_sensor(1, "New")]).await.unwrap_err();
    assert!(error.to_string().contains("still has records"), "{error}");
    assert_eq!(machine.count::<AddSdr>(), 0);
}

#[tokio::test]
async fn clones_of_a_handle_read_the_records_once() {
    let machine = Machine::with_sdrs(many(30));
    let bmc = machine.bmc();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let bmc = bmc.clone();
        tasks.spawn(async move { bmc.sdrs().await.unwrap().records().len() });
    }
    while let Some(count) = tasks.join_next().await {
        assert_eq!(count.unwrap(), 30);
    }
    assert_eq!(machine.count::<GetSdr>(), 30);
}

#[tokio::test]
async fn get_device_id_is_asked_once_a_session() {
    let machine = Machine::with_sdrs(many(1));
    let bmc = machine.bmc();
    bmc.device_id().await.unwrap();
    bmc.sdrs().await.unwrap();
    assert_eq!(machine.count::<GetDeviceId>(), 1);
    assert_eq!(bmc.connect().await.unwrap().managed_guid, machine.world().guid);
    let spaces = Some(Guid([0x20; 16]));
    machine.world().guid = spaces;
    assert_eq!(bmc.connect().await.unwrap().managed_guid, spaces);
}

#[tokio::test]
async fn a_handle_that_lives_long_notices_another_machine_at_its_address() {
    // The same model with the same firmware and the same times, as from one factory image.
    let machine = Machine::with_sdrs([full_sensor(1, "Before")]);
    let bmc = machine.bmc();
    assert_eq!(names(&bmc.sdrs().await.unwrap()), ["Before"]);
    {
        let mut world = machine.world();
        (world.session, world.guid) = (2, Some(Guid(*b"another's own id")));
        world.set_sdrs([full_sensor(1, "After")]);
    }
    assert_eq!(names(&bmc.sdrs().await.unwrap()), ["After"]);
}

#[tokio::test]
async fn a_machine_that_is_swapped_while_its_records_are_read_does_not_lend_them_its_name() {
    let directory = tempfile::TempDir::new().unwrap();
    let cache = Cache::at(directory.path().join("cache"));
    let machine = Machine::with_sdrs(many(4));
    let ours = machine.world().guid;
    machine.hook(|world, request| {
        if crate::fake::of::<GetSdr>(request).is_some_and(|get| get.record_id == 3) {
            (world.session, world.guid) = (2, Some(Guid(*b"another's own id")));
            world.sdrs[2] = full_sensor(3, "Another");
            world.sdrs[2][0] = 3;
        }
        None
    });
    let outcome = machine.bmc().with_cache(&cache).sdrs().await;
    assert!(outcome.is_err());
    machine.unhook();
    {
        let mut world = machine.world();
        (world.session, world.guid) = (3, ours);
        world.set_sdrs(many(4));
    }
    let set = machine.bmc().with_cache(&cache).sdrs().await.unwrap();
    assert_eq!(names(&set)[2], "Sensor 3");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_a_passing_trouble_cut_short_is_not_kept() {
    for refusal in [0xc0, 0xc3, 0xd2, 0xd5, 0xff] {
        let machine = Machine::with_sdrs(many(4));
        machine.hook(move |_, request| {
            let third = crate::fake::of::<GetSdr>(request).is_some_and(|get| get.record_id == 3);
            third.then(|| Ok(code(refusal)))
        });
        let bmc = machine.bmc();
        assert_eq!(bmc.sdrs().await.unwrap().records().len(), 2);
        machine.unhook();
        assert_eq!(bmc.sdrs().await.unwrap().records().len(), 4, "{refusal:02x}");

        // C3h at the last record, each time: Dell FC830 (`research/freeipmi.md` §3.1).
        let machine = Machine::with_sdrs(many(4));
        machine.hook(move |_, request| {
            let last = crate::fake::of::<GetSdr>(request).is_some_and(|get| get.record_id == 4);
            last.then(|| Ok(code(refusal)))
        });
        let bmc = machine.bmc();
        bmc.sdrs().await.unwrap();
        machine.requests();
        assert_eq!(bmc.sdrs().await.unwrap().records().len(), 3);
        // Believed for a shorter time, and looked into.
        assert_eq!(machine.requests(), 2);
    }
}

#[tokio::test]
async fn a_lun_without_records_does_not_take_the_others_with_it() {
    for refusal in [0xc1, 0xc2, 0xc9] {
        let machine = Machine::new();
        {
            let mut world = machine.world();
            world.repository = false;
            world.device.additional_support &= !2;
            world.device.provides_device_sdrs = true;
            let info = DeviceSdrInfo { count: 2, dynamic: false, luns: 3, population_change: None };
            world.device_info = Some(info);
            world.device_sdrs[0] = many(2).collect();
            (world.device_sdrs[0][0][0], world.device_sdrs[0][1][0]) = (1, 2);
        }
        machine.hook(move |_, request| {
            (is::<GetDeviceSdr>(request) && request.lun == 1).then(|| Ok(code(refusal)))
        });
        let set = machine.bmc().sdrs().await.unwrap();
        assert_eq!(names(&set), ["Sensor 1", "Sensor 2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_programs_that_read_in_pieces_let_each_other_finish() {
    let machine = Machine::with_sdrs(many(20));
    machine.world().most = 16;
    let (one, other) = (machine.bmc(), machine.bmc());
    let (one, other) = tokio::join!(one.sdrs(), other.sdrs());
    for set in [one.unwrap(), other.unwrap()] {
        assert_eq!((set.records().len(), set.ending()), (20, &Ending::Complete));
    }
}

#[tokio::test]
async fn half_a_record_is_not_taken_for_a_whole_one() {
    for (piece, reached) in [(2, true), (2, false), (4, true), (4, false)] {
        let machine = Machine::with_sdrs(many(1));
        let bmc = machine.bmc();
        machine.world().most = 16;
        let mut pieces = 0;
        machine.hook(move |world, request| {
            if is::<AddSdr>(request) {
                return Some(Ok(code(0xc1)));
            }
            pieces += u32::from(is::<PartialAddSdr>(request));
            // One of 32 bytes is refused first.
            (is::<PartialAddSdr>(request) && pieces == piece + 1).then(|| {
                if reached {
                    world.answer(request);
                }
                Err(lost(request))
            })
        });
        let record = full_sensor(1, "Sensor 1");
        let filled = bmc.fill_sdr_repository(&[record]).await.unwrap();
        let whole = piece == 4 && reached;
        assert_eq!(filled.failed.is_none(), whole, "{piece} {reached} {filled:?}");
        assert_eq!(filled.added, if whole { vec![None] } else { vec![] });
    }
}
