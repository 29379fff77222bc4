"""Finds and reads handwritten numbers on pages: encoded bytes and parameters in, results and pictures out.

The way in is `page.read_document`. These are the modules, in the order in which a page meets them:

- bytes to pixels: `load`, which asks `formats` (`completeness`) what they are, and `load_image` (`modes`, `deep_color`,
  `orientation`) or `load_pdf` give pages that are `decoded`, or say by `refusals` why not; `jpeg_damage` looks into the
  JPEGs in other files;
- pixels to pieces of ink: `look` composes `view` (`paper`, `skew`), `binarize`, `highlights`, `rules` (`lines`,
  `ruling`, `boxes`, `box_rows`, `combs`, `dividers`, `fields`), `components`, `show_through`, `shading`,
  `placeholders`, `smudges` and `dots` (`clearing`); it looks again where the first reading tells that the pen is bold
  (`pen`) or the page lies otherwise (`turn`);
- a piece to a `reading`: `reader` composes `normalize`, `classify` and `calibrate`, and `context` (`pyramid`), which
  sees what stands around it; `sequence` reads several digits at once; `litert` runs the networks, which `model_file`
  loads, and `chatter` keeps their library quiet;
- off the page: `underlines` (`strokes`), `dashless` (`dash_rows`, `dashes`), `rings`, `copies`, `ticks` and
  `crosses` (`marks`);
- pieces to digits: `prior`, `join`, `split` (`seams`), `company`, `grid`, `select` (`words`), `views`, `likeness` and
  `blots`;
- digits to numbers: `layout` (`gaps`), `columns`, `brackets`, `slashes` and `signs`, and `recheck`, which reads each
  number a second time;
- doubts, which send a number to review: `beside`, `strays`, `crowding`, `alignment` and `struck`; `numbers` makes the
  results of all this, with confidences that `trust` has weighed, and `checks` (`sums`) holds them to what is
  known of all;
- the picture: `annotate` (`labels`).

All of them share `types`, the results; `params`, one dataclass a step, with its ranges (`params_range`), in
`params_page`, `params_ground`, `params_pieces`, `params_layout`, `params_marks`, `params_numbers` and `params_checks`;
`errors`; and `arrays` and `neighbors`, small algorithms that several steps need. `training` makes the networks, and
nothing here imports it.
"""
