/// A small line plot as SVG: logarithmic x axis, linear or logarithmic y axis, whiskers, one line a series. No script, no outside font.
/// Colours are those of Okabe and Ito, which people with colour-blindness tell apart; every series has a mark of its own as well.
#pragma once

#include <string>
#include <vector>

namespace pinfold::evaluate {

struct PlotPoint {
  double x = 0;
  double y = 0;
  double low = 0;  ///< whisker; equal to high: none
  double high = 0;
};

struct Series {
  std::string name;
  std::vector<PlotPoint> points;  ///< in order of x
};

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool y_is_logarithmic = false;
  double y_low = 0;
  double y_high = 1;
  std::vector<Series> series;
};

[[nodiscard]] std::string to_svg(const Plot& plot);

}  // namespace pinfold::evaluate
