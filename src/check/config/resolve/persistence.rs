//! Clients that stay with their server.

use super::super::draft::{Head, ServiceDraft};
use super::super::group::{GroupEntry, ServiceGroup};
use super::super::service::PERSISTENCE;
use super::Resolver;
use crate::ipvs::{Granularity, Name, Persistence};
use crate::model::Family;

impl Resolver<'_> {
    pub(super) fn persistence(
        &mut self,
        draft: &ServiceDraft,
        group: Option<&ServiceGroup>,
        family: Family,
    ) -> Option<Persistence> {
        let granularity = self.granularity(draft, family);
        let asked = draft.persistence.is_some() || draft.granularity.is_some();
        let mut entries = group.into_iter().flat_map(|group| &group.entries);
        let portless = matches!(draft.head, Head::Address(_, 0))
            || entries.any(|entry| matches!(entry, GroupEntry::Range { port: 0, .. }));
        if portless && !asked {
            let text = "a virtual server without port has to be persistent: 360 seconds are used";
            self.error(draft.span, text);
        }
        if !asked && !portless {
            if draft.engine.is_some() {
                let text = "persistence_engine is without effect: the service is not persistent";
                self.diags().note(draft.span, text);
            }
            return None;
        }
        let engine = draft.engine.as_deref().and_then(Name::new);
        Some(Persistence {
            timeout: draft.persistence.unwrap_or(PERSISTENCE),
            granularity,
            engine,
        })
    }

    fn granularity(&mut self, draft: &ServiceDraft, family: Family) -> Granularity {
        let host = Granularity::host(family);
        match (draft.granularity, family) {
            (None, _) => host,
            (Some(granularity @ Granularity::Mask(_)), Family::V4)
            | (Some(granularity @ Granularity::Prefix(_)), Family::V6) => granularity,
            (Some(_), _) => {
                let text = "persistence_granularity is not of the virtual server's family: ignored";
                self.error(draft.span, text);
                host
            }
        }
    }
}
