#include "evaluate/report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace pinfold::evaluate {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 400;
constexpr double kLeft = 70;
constexpr double kRight = 170;
constexpr double kTop = 44;
constexpr double kBottom = 56;
constexpr std::array<const char*, 6> kColours{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};

class Canvas {
public:
  explicit Canvas(const Plot& plot) : x_plot(plot) {
    x_low = 1e300;
    x_high = 1e-300;
    for (const Series& series : plot.series) {
      for (const PlotPoint& point : series.points) {
        x_low = std::min(x_low, point.x);
        x_high = std::max(x_high, point.x);
      }
    }
    if (x_low > x_high) {
      x_low = 1;
      x_high = 10;
    }
    x_low /= 1.3;
    x_high *= 1.3;
  }
  [[nodiscard]] double x(double value) const { return kLeft + std::log(value / x_low) / std::log(x_high / x_low) * (kWidth - kLeft - kRight); }
  [[nodiscard]] double y(double value) const {
    const double v = std::clamp(value, x_plot.y_low, x_plot.y_high);
    const double share = x_plot.y_is_logarithmic ? std::log(v / x_plot.y_low) / std::log(x_plot.y_high / x_plot.y_low)
                                                 : (v - x_plot.y_low) / (x_plot.y_high - x_plot.y_low);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
  /// 1, 2 and 5 of each decade.
  [[nodiscard]] static std::vector<double> round_numbers(double low, double high) {
    std::vector<double> numbers;
    for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
      for (const double step : {1.0, 2.0, 5.0}) {
        if (step * decade >= low && step * decade <= high) {
          numbers.push_back(step * decade);
        }
      }
    }
    return numbers;
  }
  [[nodiscard]] std::vector<double> x_ticks() const { return round_numbers(x_low, x_high); }
  [[nodiscard]] std::vector<double> y_ticks() const {
    if (x_plot.y_is_logarithmic) {
      return round_numbers(x_plot.y_low, x_plot.y_high);
    }
    std::vector<double> ticks;
    for (int i = 0; i <= 5; ++i) {
      ticks.push_back(x_plot.y_low + (x_plot.y_high - x_plot.y_low) * i / 5);
    }
    return ticks;
  }

private:
  const Plot& x_plot;
  double x_low = 1;
  double x_high = 10;
};

std::string number(double value) { return value >= 1000 ? fmt::format("{:g}k", value / 1000) : fmt::format("{:g}", value); }

std::string mark(std::size_t series, double x, double y, const char* colour) {
  switch (series % 4) {
    case 0: return fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="{}"/>)", x, y, colour);
    case 1: return fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="7" height="7" fill="{}"/>)", x - 3.5, y - 3.5, colour);
    case 2: return fmt::format(R"(<path d="M{:.1f} {:.1f}l4.5 8h-9z" fill="{}"/>)", x, y - 5, colour);
    default: return fmt::format(R"(<path d="M{:.1f} {:.1f}l5 5l-5 5l-5 -5z" fill="{}"/>)", x, y - 5, colour);
  }
}

void draw_axes(std::string& svg, const Plot& plot, const Canvas& canvas) {
  const auto out = std::back_inserter(svg);
  for (const double tick : canvas.x_ticks()) {
    fmt::format_to(out, R"(<path d="M{0:.1f} {1}V{2}" stroke="#e4e4e4"/><text x="{0:.1f}" y="{3}" text-anchor="middle">{4}</text>)", canvas.x(tick),
                   kTop, kHeight - kBottom, kHeight - kBottom + 18, number(tick));
  }
  for (const double tick : canvas.y_ticks()) {
    fmt::format_to(out, R"(<path d="M{1} {0:.1f}H{2}" stroke="#e4e4e4"/><text x="{3}" y="{4:.1f}" text-anchor="end">{5}</text>)", canvas.y(tick),
                   kLeft, kWidth - kRight, kLeft - 8, canvas.y(tick) + 4, number(tick));
  }
  fmt::format_to(out, R"(<path d="M{} {}V{}H{}" stroke="#333" fill="none"/>)", kLeft, kTop, kHeight - kBottom, kWidth - kRight);
  fmt::format_to(out, R"(<text x="{}" y="24" font-size="15" font-weight="bold">{}</text>)", kLeft, plot.title);
  fmt::format_to(out, R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)", (kLeft + kWidth - kRight) / 2, kHeight - 14, plot.x_label);
  fmt::format_to(out, "<text transform='translate(18 {}) rotate(-90)' text-anchor='middle'>{}</text>", (kTop + kHeight - kBottom) / 2, plot.y_label);
}

}  // namespace

std::string to_svg(const Plot& plot) {
  const Canvas canvas(plot);
  std::string svg =
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
)",
                  kWidth, kHeight);
  draw_axes(svg, plot, canvas);
  const auto out = std::back_inserter(svg);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Series& series = plot.series[i];
    const char* colour = kColours[i % kColours.size()];
    // Lines that lie on one another are drawn a little apart.
    const double shift = (static_cast<double>(i) - static_cast<double>(plot.series.size() - 1) / 2) * 4;
    std::string path;
    std::string marks;
    for (const PlotPoint& point : series.points) {
      const double x = canvas.x(point.x) + shift;
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, canvas.y(point.y));
      if (point.low < point.high) {
        marks += fmt::format(R"(<path d="M{:.1f} {:.1f}V{:.1f}" stroke="{}" stroke-opacity="0.5"/>)", x, canvas.y(point.low), canvas.y(point.high),
                             colour);
      }
      marks += mark(i, x, canvas.y(point.y), colour);
    }
    const double legend_y = kTop + 10 + 20 * static_cast<double>(i);
    fmt::format_to(out, "\n<path d=\"{}\" stroke=\"{}\" stroke-width=\"1.8\" fill=\"none\"/>{}", path, colour, marks);
    fmt::format_to(out, R"({}<text x="{}" y="{}">{}</text>)", mark(i, kWidth - kRight + 18, legend_y, colour), kWidth - kRight + 30, legend_y + 4,
                   series.name);
  }
  return svg + "\n</svg>\n";
}

}  // namespace pinfold::evaluate
