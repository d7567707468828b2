//! `mc`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::app::{ColdReset, GetDeviceId, GetSelfTestResults, GetSystemGuid, WarmReset};

use super::Outcome;
use crate::cli::{Mc, Reset};
use crate::view::mc::{GuidView, Info, ResetView, SelfTestView};

pub(super) async fn run(command: &Mc, bmc: &Bmc) -> Outcome {
    Ok(match command {
        Mc::Info => Box::new(Info::from(&bmc.send(&GetDeviceId).await?)),
        Mc::Guid => Box::new(GuidView::from(&bmc.send(&GetSystemGuid).await?)),
        Mc::Selftest => Box::new(SelfTestView::from(bmc.send(&GetSelfTestResults).await?.result)),
        Mc::Reset { how } => {
            match how {
                Reset::Cold => bmc.send(&ColdReset).await?,
                Reset::Warm => bmc.send(&WarmReset).await?,
            }
            // The BMC may forget its sessions, and is in no state to answer.
            bmc.forget_session().await;
            Box::new(ResetView::from(*how))
        }
    })
}
