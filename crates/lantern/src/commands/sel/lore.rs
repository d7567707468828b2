//! What makes events readable: the sensors' records, and what the BMC's maker means by its own.

use std::sync::Arc;

use ipmi_client::Bmc;
use ipmi_client::sdr::SdrSet;
use ipmi_wire::sel::SelRecord;
use ipmi_wire::vendor::{Decoder, is_oem};

use crate::error::Error;
use crate::view::sel::{Event, List};

/// As much as was needed so far.
#[derive(Debug, Default)]
pub(in crate::commands) struct Lore {
    set: Option<Arc<SdrSet>>,
    oem: Option<Decoder>,
}

impl Lore {
    /// What these events need; nothing is asked that they do not.
    pub(super) async fn of(bmc: &Bmc, log: &[SelRecord], names: bool) -> Result<Self, Error> {
        let mut lore = Self::default();
        lore.learn(bmc, log, names).await?;
        Ok(lore)
    }

    /// What these events need, and was not known before.
    pub(super) async fn learn(
        &mut self,
        bmc: &Bmc,
        log: &[SelRecord],
        names: bool,
    ) -> Result<(), Error> {
        let is_sensors = |record: &SelRecord| matches!(record, SelRecord::System { .. });
        if names && self.set.is_none() && log.iter().any(is_sensors) {
            self.set = Some(bmc.sdrs().await?);
        }
        if self.oem.is_none() && log.iter().any(is_oem) {
            self.oem = Some(bmc.decoder().await?);
        }
        Ok(())
    }

    /// A record in words.
    pub(in crate::commands) fn event(&self, record: &SelRecord) -> Event {
        Event::new(record, self.set.as_deref(), self.oem.as_ref())
    }

    /// Many of them.
    pub(super) fn list(&self, log: &[SelRecord], complete: bool) -> List {
        List::new(log, self.set.as_deref(), self.oem.as_ref(), complete)
    }
}
