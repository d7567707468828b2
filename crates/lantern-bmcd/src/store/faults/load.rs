//! A load: what a BMC might want kept over a busy time, the same for the same seed.

use ipmi_bmc::nvram::{Change, Key, Room, setting};

use crate::store::vault::Values;

/// Numbers that look random (xorshift64*).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `limit`.
    pub(crate) const fn below(&mut self, limit: usize) -> usize {
        ((self.next() >> 33) % limit as u64) as usize
    }
}

/// Rooms of what consoles set, a value at a time.
const SET_BY_COMMANDS: [Room; 8] = [
    Room::Sensors,
    Room::Users,
    Room::BootOptions,
    Room::Channels,
    Room::Lan,
    Room::Sol,
    Room::SystemInfo,
    Room::Pef,
];

/// Batches of changes, one after another.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) dice: Dice,
    order: u32,
}

impl Load {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), order: 0 }
    }

    /// What one commit keeps, given what is there.
    pub(crate) fn batch(&mut self, values: &Values) -> Vec<Change> {
        match self.dice.below(20) {
            0..=8 => self.events(1),
            9..=10 => self.events(40),
            11..=13 => {
                let events: Vec<_> = values.keys().filter(|key| key.room == Room::Sel).collect();
                let Some(count) = events.len().checked_sub(1) else { return self.events(3) };
                let victim = *events[self.dice.below(count + 1)];
                vec![Change::Remove(victim), self.header()]
            }
            14 => vec![Change::Clear(Room::Sel), self.header()],
            15..=16 => {
                let room = SET_BY_COMMANDS[self.dice.below(SET_BY_COMMANDS.len())];
                let key = Key { room, number: self.dice.below(40) as u32 };
                if values.contains_key(&key) && self.dice.below(4) == 0 {
                    return vec![Change::Remove(key)];
                }
                let length = 1 + self.dice.below(64);
                vec![Change::Put(key, self.bytes(length))]
            }
            17..=18 => {
                // Sometimes a whole device: the file has to grow.
                let (device, pages) = (self.dice.below(4) as u32, 1 + self.dice.below(24) as u32);
                let put = |page| {
                    let number = device << 16 | page;
                    Change::Put(Key { room: Room::Fru, number }, self.bytes(256))
                };
                (0..pages).map(put).collect()
            }
            _ => {
                let number = self.dice.below(80) as u32;
                let record = Change::Put(Key { room: Room::Sdr, number }, self.bytes(64));
                let mut changes = vec![Change::Put(setting::POWER, vec![1]), record];
                if self.dice.below(4) == 0 {
                    changes.insert(0, Change::Clear(Room::Sdr));
                    changes.insert(1, Change::Clear(Room::Fru));
                }
                changes
            }
        }
    }

    fn events(&mut self, count: usize) -> Vec<Change> {
        let event = |_| {
            self.order += 1;
            Change::Put(Key { room: Room::Sel, number: self.order }, self.bytes(16))
        };
        let mut changes: Vec<_> = (0..count).map(event).collect();
        changes.push(self.header());
        changes
    }

    fn header(&mut self) -> Change {
        Change::Put(setting::SEL, self.bytes(11))
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.dice.next() as u8).collect()
    }
}

/// What `changes` make of `values`.
pub(crate) fn apply(values: &mut Values, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Put(key, value) => drop(values.insert(*key, value.clone())),
            Change::Remove(key) => drop(values.remove(key)),
            Change::Clear(room) => values.retain(|key, _| key.room != *room),
        }
    }
}
