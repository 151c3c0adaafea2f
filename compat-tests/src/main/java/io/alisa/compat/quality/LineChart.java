package io.alisa.compat.quality;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import javax.imageio.ImageIO;

import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Lines over numbers, each name in the same colour in every chart. */
public final class LineChart {
    /** Okabe and Ito's: told apart by colour-blind eyes too. */
    private static final Map<String, Color> COLOURS = Map.of(Policy.DENSE.key(), Color.BLACK, Policy.SWA.key(),
            new Color(0xD55E00), Policy.SWA_PAPER.key(), new Color(0xE69F00), Policy.H2O.key(), new Color(0x0072B2),
            Policy.STREAMING_LLM.key(), new Color(0x56B4E9), Policy.LOCAL.key(), new Color(0x009E73),
            Policy.STRIDED.key(), new Color(0xCC79A7));

    private final XYChart chart;
    private final Map<String, Color> colours;
    private boolean empty = true;

    /** One line for each policy. */
    LineChart(String title, String horizontal, String vertical) {
        this(title, horizontal, vertical, COLOURS);
    }

    /** @param colours by name; others are gray */
    public LineChart(String title, String horizontal, String vertical, Map<String, Color> colours) {
        this.colours = colours;
        chart = new XYChartBuilder().width(900).height(560).title(title).xAxisTitle(horizontal).yAxisTitle(vertical)
                .build();
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE).setMarkerSize(7)
                .setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setYAxisDecimalPattern("#,##0.#######");
    }

    public LineChart logarithmic() {
        chart.getStyler().setYAxisLogarithmic(true);
        return this;
    }

    LineChart percentages() {
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(100.0);
        return this;
    }

    /** What is not a number is left out, and zero where the axis is logarithmic. */
    public LineChart add(String name, SortedMap<Integer, Double> points) {
        SortedMap<Integer, Double> drawn = new TreeMap<>(points);
        drawn.values().removeIf(y -> !Double.isFinite(y) || (chart.getStyler().isYAxisLogarithmic() && y <= 0));
        if (!drawn.isEmpty()) {
            XYSeries series = chart.addSeries(name, drawn.keySet().stream().mapToDouble(x -> x).toArray(),
                    drawn.values().stream().mapToDouble(y -> y).toArray());
            Color colour = colours.getOrDefault(name, Color.GRAY);
            series.setMarkerColor(colour).setLineColor(colour).setLineStyle(new BasicStroke(2.5f));
            empty = false;
        }
        return this;
    }

    /** False when there is nothing to draw. */
    public boolean save(Path file) throws IOException {
        if (!empty) {
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile());
        }
        return !empty;
    }
}
