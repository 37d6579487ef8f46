//! What is due next: a binary heap that knows where each entry stands.
//!
//! Every instance has at most one deadline, and each advert a backup hears moves
//! it. A heap with positions moves it in place in logarithmic time, gives the
//! exact earliest deadline, and allocates nothing once all instances are known.

use scheduler::Instant;

/// Deadlines of instances by index.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: Vec<Entry>,
    /// Where each instance stands in `heap`; `ABSENT` without a deadline.
    places: Vec<usize>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Entry {
    at: Instant,
    index: u32,
}

const ABSENT: usize = usize::MAX;

impl Agenda {
    /// Make room for one more instance, without a deadline.
    pub(super) fn grow(&mut self) {
        self.places.push(ABSENT);
        self.heap.reserve(self.places.len() - self.heap.len());
    }

    /// The earliest deadline; equal ones in order of the index.
    pub(super) fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().map(|entry| (entry.at, entry.index))
    }

    /// Set, move or clear the deadline of an instance.
    pub(super) fn set(&mut self, index: u32, at: Option<Instant>) {
        let place = self.places[index as usize];
        match (place, at) {
            (ABSENT, None) => {}
            (ABSENT, Some(at)) => {
                let place = self.heap.len();
                self.heap.push(Entry { at, index });
                self.places[index as usize] = place;
                self.rise(place);
            }
            (place, Some(at)) if self.heap[place].at == at => {}
            (place, Some(at)) => {
                self.heap[place].at = at;
                self.restore(place);
            }
            (place, None) => {
                self.heap.swap_remove(place);
                self.places[index as usize] = ABSENT;
                if place < self.heap.len() {
                    self.places[self.heap[place].index as usize] = place;
                    self.restore(place);
                }
            }
        }
    }

    fn restore(&mut self, place: usize) {
        let place = self.rise(place);
        self.sink(place);
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent] <= self.heap[place] {
                break;
            }
            self.swap(place, parent);
            place = parent;
        }
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let Some(mut least) = (left < self.heap.len()).then_some(left) else {
                return;
            };
            if left + 1 < self.heap.len() && self.heap[left + 1] < self.heap[left] {
                least = left + 1;
            }
            if self.heap[place] <= self.heap[least] {
                return;
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places[self.heap[a].index as usize] = a;
        self.places[self.heap[b].index as usize] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_sorted_list() {
        let mut agenda = Agenda::default();
        let mut model = [None::<Instant>; 50];
        model.iter().for_each(|_| agenda.grow());
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = u32::try_from(seed >> 33).expect("31 bits") % 50;
            let at = (!seed.is_multiple_of(5)).then(|| Instant::from_millis(seed >> 54));
            agenda.set(index, at);
            model[index as usize] = at;
            let first = (0_u32..)
                .zip(model)
                .filter_map(|(i, at)| Some((at?, i)))
                .min();
            assert_eq!(agenda.first(), first);
        }
    }
}
