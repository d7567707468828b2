//! Values under keys in a redb database, and the only place that knows redb.
//!
//! One table for each room, and one that says which format the rooms have. What a transaction
//! changes is there wholly or not at all, whatever happens to it; [`faults`](super::faults) holds
//! that against every cut of power.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipmi_bmc::nvram::{Change, FORMAT, Key, Room};
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError,
    WriteTransaction,
};

use super::error::Fault;
use super::medium::{Disk, Health};

/// What is kept: all values.
pub(crate) type Values = BTreeMap<Key, Vec<u8>>;

/// A database that is open.
pub(crate) struct Vault {
    database: Database,
    health: Arc<Health>,
}

/// Brings the rooms from one format to the next.
pub(crate) type Upgrade = fn(&WriteTransaction) -> Result<(), Fault>;

/// From format 1 to 2, from 2 to 3, and so on up to [`FORMAT`].
const UPGRADES: &[Upgrade] = &[];
const _: () = assert!(UPGRADES.len() + 1 == FORMAT as usize, "every format has a way to the next");

const ABOUT: TableDefinition<'_, &str, u32> = TableDefinition::new("about");
const FORMAT_KEY: &str = "format";

/// What redb may keep in memory. All that a BMC has fits in.
const CACHE: usize = 4 << 20;

const fn table(room: Room) -> TableDefinition<'static, u32, &'static [u8]> {
    TableDefinition::new(match room {
        Room::Settings => "settings",
        Room::Sel => "sel",
        Room::Sdr => "sdr",
        Room::Fru => "fru",
        Room::Sensors => "sensors",
        Room::Users => "users",
        Room::BootOptions => "boot_options",
        Room::Channels => "channels",
        Room::Lan => "lan",
        Room::Sol => "sol",
        Room::SystemInfo => "system_info",
        Room::Pef => "pef",
    })
}

impl Vault {
    /// A new one on an empty disk, with these values. It is durable when this returns.
    pub(crate) fn create(disk: Disk, values: &Values) -> Result<Self, Fault> {
        let vault = Self::on(disk)?;
        let transaction = vault.begin()?;
        transaction.open_table(ABOUT)?.insert(FORMAT_KEY, FORMAT)?;
        for (key, value) in values {
            transaction.open_table(table(key.room))?.insert(key.number, value.as_slice())?;
        }
        transaction.commit()?;
        Ok(vault)
    }

    /// The one that is on `disk`, brought to the present format.
    pub(crate) fn open(disk: Disk) -> Result<Self, Fault> {
        Self::open_upgrading(disk, UPGRADES)
    }

    pub(crate) fn open_upgrading(disk: Disk, upgrades: &[Upgrade]) -> Result<Self, Fault> {
        // redb makes a new database of nothing.
        if redb::StorageBackend::len(&disk).map_err(Fault::Io)? == 0 {
            return Err(Fault::Damaged("it is empty".to_owned()));
        }
        let vault = Self::on(disk)?;
        let found = vault.format()?;
        let known = u32::try_from(upgrades.len()).unwrap_or(u32::MAX).saturating_add(1);
        if found > known {
            return Err(Fault::Newer { found, known });
        }
        let done = usize::try_from(found).ok().and_then(|found| found.checked_sub(1));
        let steps = done.and_then(|done| upgrades.get(done..));
        let steps = steps.ok_or_else(|| Fault::Damaged("its format is 0".to_owned()))?;
        if !steps.is_empty() {
            let transaction = vault.begin()?;
            for step in steps {
                step(&transaction)?;
            }
            transaction.open_table(ABOUT)?.insert(FORMAT_KEY, known)?;
            transaction.commit()?;
        }
        Ok(vault)
    }

    /// The format of what is there.
    pub(crate) fn format(&self) -> Result<u32, Fault> {
        let none = || Fault::Damaged("it is a database, but not a BMC's".to_owned());
        let read = self.database.begin_read()?;
        let about = match read.open_table(ABOUT) {
            Ok(about) => about,
            Err(TableError::TableDoesNotExist(_)) => return Err(none()),
            Err(error) => return Err(error.into()),
        };
        Ok(about.get(FORMAT_KEY)?.ok_or_else(none)?.value())
    }

    /// All that is kept.
    pub(crate) fn values(&self) -> Result<Values, Fault> {
        let read = self.database.begin_read()?;
        let mut values = Values::new();
        for room in Room::ALL {
            read_room(&read, room, &mut values)?;
        }
        Ok(values)
    }

    /// Makes all the changes, in this order, or none. They are durable when this returns.
    ///
    /// After an error nothing more can be done with this: nobody knows which it was.
    pub(crate) fn commit(&self, changes: &[Change]) -> Result<(), Fault> {
        let transaction = self.begin()?;
        for run in changes.chunk_by(|one, next| one.room() == next.room()) {
            let Some(room) = run.first().map(Change::room) else { continue };
            let mut run = run;
            let cleared = run.iter().rposition(|change| matches!(change, Change::Clear(_)));
            if let Some((_, rest)) = cleared.and_then(|cleared| run.split_at_checked(cleared)) {
                transaction.delete_table(table(room))?;
                run = rest;
            }
            let mut table = transaction.open_table(table(room))?;
            for change in run {
                match change {
                    Change::Put(key, value) => {
                        table.insert(key.number, value.as_slice())?;
                    }
                    Change::Remove(key) => {
                        table.remove(key.number)?;
                    }
                    Change::Clear(_) => {}
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Ends it in order, so that the next start finds nothing to repair.
    pub(crate) fn close(self) -> Result<(), Fault> {
        Ok(self.database.close()?)
    }

    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    fn on(disk: Disk) -> Result<Self, Fault> {
        let health = disk.health();
        let database = Database::builder()
            .set_cache_size(CACHE)
            // Each checksum is looked at, after a clean end too: it is a small file, and no part of
            // it is worth a start with half of what was kept.
            .set_check_integrity_on_open(true)
            .create_with_backend(disk)?;
        Ok(Self { database, health })
    }

    fn begin(&self) -> Result<WriteTransaction, Fault> {
        Ok(self.database.begin_write()?)
    }
}

fn read_room(read: &ReadTransaction, room: Room, values: &mut Values) -> Result<(), Fault> {
    let table = match read.open_table(table(room)) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for entry in table.iter()? {
        let (number, value) = entry?;
        values.insert(Key { room, number: number.value() }, value.value().to_vec());
    }
    Ok(())
}
